import { ProxyError } from '../errors.ts';
import type { HeadRules } from '../message/head.ts';
import { parseRequestHead, type RequestHead } from '../message/request-head.ts';
import { explainBeginning, mayBeginRequest } from '../message/request-line.ts';
import { BodyReader } from './body-reader.ts';
import type { BodySink } from './chunked.ts';
import { HeadReader, type HeadState } from './head-reader.ts';

/** Takes what is read from a client's connection, in order. */
export interface RequestSink extends BodySink {
  /** The next request may begin. */
  readonly isFree: boolean;
  /** The first bytes of a head have come, but not all of it. */
  headBegan(): void;
  request(head: RequestHead): void;
  bodyEnded(trailers: string): void;
  bodyBroke(detail: string): void;
  /** What came is no request: nothing is read after it. */
  refuse(error: ProxyError): void;
}

/** How heads are read, the same for all connections. */
export interface ReadRules {
  readonly rules: HeadRules;
  readonly maxHeaderSize: number;
}

const CR = 13;
const LF = 10;

const MALFORMED = new ProxyError('bad-request', 'the request head is malformed');
const HEAD_TOO_LARGE = new ProxyError('head-too-large', 'the request head is too large');
const TARGET_TOO_LONG = new ProxyError('target-too-long', 'the request target is too long');

/** Finds the requests in the bytes of a client's connection: one after the other, each when the last is answered. */
export class RequestReader {
  readonly #sink: RequestSink;
  readonly #context: { readonly settings: ReadRules };
  readonly #isTrusted: boolean;
  readonly #heads = new HeadReader(mayBeginRequest);
  readonly #body = new BodyReader();
  /** The CR of an empty line before a request has come; its LF is next. */
  #isAfterCr = false;
  /** `#readHeads` is at work further up the stack. */
  #isInLoop = false;

  /** @param isTrusted whether the client's X-Forwarded-* headers are believed */
  constructor(sink: RequestSink, context: { readonly settings: ReadRules }, isTrusted: boolean) {
    this.#sink = sink;
    this.#context = context;
    this.#isTrusted = isTrusted;
  }

  /** Bytes of a head that is not whole yet have come. */
  get isPartial(): boolean {
    return this.#heads.isPartial;
  }

  /** There are bytes that wait for the current request to end. */
  get hasBytes(): boolean {
    return this.#heads.hasBytes;
  }

  /** Nothing of a request is here. */
  get isEmpty(): boolean {
    return !this.isPartial && !this.hasBytes;
  }

  /** Takes bytes as they come; those behind the request that is under way are held. */
  read(chunk: Buffer): void {
    if (!this.#body.isComplete) {
      const end = this.#readBody(chunk, 0, chunk.length);
      if (end < chunk.length) this.#heads.hold(chunk.subarray(end));
    } else if (this.#heads.isPartial && this.#sink.isFree) {
      this.#readHeads(this.#heads.read(chunk, 0, chunk.length, this.#context.settings.maxHeaderSize), false);
    } else {
      this.#heads.hold(chunk);
      if (this.#sink.isFree) this.next();
    }
  }

  /** Keeps bytes until `next`. */
  hold(chunk: Buffer): void {
    this.#heads.hold(chunk);
  }

  /** The sink is free again: reads on with the bytes that were held. */
  next(): void {
    if (this.#isInLoop || !this.#heads.hasBytes) return;
    this.#readHeads(this.#findNext(), true);
  }

  /** Hands out the bytes that are held, and forgets them. */
  takeRest(): Buffer {
    const { bytes, from, to } = this.#heads;
    const rest = Buffer.from(bytes.subarray(from, to));
    this.#heads.reset();
    return rest;
  }

  /** A loop, not a recursion: pipelined requests that are answered at once would grow the stack. */
  #readHeads(first: HeadState | 'none', isNew: boolean): void {
    const heads = this.#heads;
    let found = first;
    let isNewHead = isNew;
    this.#isInLoop = true;
    while (found === 'whole') {
      this.#readRequest();
      if (!heads.hasBytes || !this.#sink.isFree) break;
      isNewHead = true;
      found = this.#findNext();
    }
    this.#isInLoop = false;
    heads.release();
    // The time for a head runs from its first byte on and does not begin anew: a byte now and then must not hold it open for
    // ever.
    if (found === 'partial' && isNewHead) this.#sink.headBegan();
    else if (found === 'malformed') this.#sink.refuse(explainBeginning(heads.text) ?? MALFORMED);
    else if (found === 'too-large') {
      this.#sink.refuse(heads.text.includes('\r\n') ? HEAD_TOO_LARGE : TARGET_TOO_LONG);
    }
  }

  /**
   * Looks for the next head. Empty lines before it are skipped (RFC 9112, section 2.2): old clients send one after a body, at
   * any time, and it does not begin a request.
   */
  #findNext(): HeadState | 'none' {
    const heads = this.#heads;
    while (heads.hasBytes) {
      const byte = heads.bytes[heads.from];
      if (this.#isAfterCr && byte !== LF) return 'malformed';
      if (!this.#isAfterCr && byte !== CR) return heads.find(this.#context.settings.maxHeaderSize);
      this.#isAfterCr = !this.#isAfterCr;
      heads.from++;
    }
    return 'none';
  }

  #readRequest(): void {
    const heads = this.#heads;
    const head = parseRequestHead(heads.text, heads.blank, this.#context.settings.rules, this.#isTrusted);
    if (head instanceof ProxyError) return this.#sink.refuse(head);
    heads.consume(head.end);
    this.#body.begin(head.length);
    this.#sink.request(head);
    if (!this.#body.isComplete) heads.from = this.#readBody(heads.bytes, heads.from, heads.to);
  }

  /** Reads more of the current request's body. Returns where it stopped. */
  #readBody(buffer: Buffer, from: number, to: number): number {
    const end = this.#body.read(buffer, from, to, this.#sink);
    if (this.#body.error !== undefined) {
      this.#sink.bodyBroke(this.#body.error);
      return to;
    }
    if (this.#body.isComplete) this.#sink.bodyEnded(this.#trailers());
    return end;
  }

  /** The trailers to forward. Names with an underscore are left out, as they are among the headers. */
  #trailers(): string {
    const { trailers } = this.#body;
    if (trailers === '' || this.#context.settings.rules.keepUnderscores) return trailers;
    return trailers.replace(/^[^:\r\n]*_[^:\r\n]*:.*\r\n/gm, '');
  }
}
