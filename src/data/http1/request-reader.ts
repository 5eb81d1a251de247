import { ProxyError } from '../errors.ts';
import type { HeadRules } from '../message/head.ts';
import { parseRequestHead, type RequestHead } from '../message/request-head.ts';
import { explainBeginning, mayBeginRequest } from '../message/request-line.ts';
import { BodyReader } from './body-reader.ts';
import type { BodySink } from './chunked.ts';
import { HeadReader, type HeadState } from './head-reader.ts';

/** Takes what is read of a client's connection, in order. */
export interface RequestSink extends BodySink {
  /** The next request may begin. */
  readonly isFree: boolean;
  /** The first bytes of a head have come, and not all. */
  headBegan(): void;
  request(head: RequestHead): void;
  bodyEnded(trailers: string): void;
  bodyBroke(detail: string): void;
  /** These bytes are no request: nothing is read after them. */
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
  /** Of an empty line before a request the CR has come. */
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

  /** Bytes wait for their turn. */
  get hasBytes(): boolean {
    return this.#heads.hasBytes;
  }

  /** Nothing of a request is here. */
  get isEmpty(): boolean {
    return !this.isPartial && !this.hasBytes;
  }

  /** Takes bytes as they come; what does not belong to the request that is under way waits. */
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

  /** The sink is free again: what waited is next. */
  next(): void {
    if (this.#isInLoop || !this.#heads.hasBytes) return;
    this.#readHeads(this.#findNext(), true);
  }

  /** Gives away the bytes that wait. */
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
    // From a head's first byte on, not anew with each: a byte now and then must not hold it open for ever.
    if (found === 'partial' && isNewHead) this.#sink.headBegan();
    else if (found === 'malformed') this.#sink.refuse(explainBeginning(heads.text) ?? MALFORMED);
    else if (found === 'too-large') {
      this.#sink.refuse(heads.text.includes('\r\n') ? HEAD_TOO_LARGE : TARGET_TOO_LONG);
    }
  }

  /**
   * Looks for the next head. Empty lines before it are passed over (RFC 9112, section 2.2): old clients send one behind a body,
   * at any time, and it is no beginning of a request.
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

  /** Reads of the current request's body, and answers where it ended. */
  #readBody(buffer: Buffer, from: number, to: number): number {
    const end = this.#body.read(buffer, from, to, this.#sink);
    if (this.#body.error !== undefined) {
      this.#sink.bodyBroke(this.#body.error);
      return to;
    }
    if (this.#body.isComplete) this.#sink.bodyEnded(this.#trailers());
    return end;
  }

  /** Names with an underscore stay behind here as they do among the headers. */
  #trailers(): string {
    const { trailers } = this.#body;
    if (trailers === '' || this.#context.settings.rules.keepUnderscores) return trailers;
    return trailers.replace(/^[^:\r\n]*_[^:\r\n]*:.*\r\n/gm, '');
  }
}
