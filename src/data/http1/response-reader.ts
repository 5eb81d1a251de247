import { ProxyError } from '../errors.ts';
import { mayBeginResponse, parseResponseHead, type ResponseHead } from '../message/response-head.ts';
import type { Flow } from '../socket/output.ts';
import { BodyReader } from './body-reader.ts';
import type { BodySink } from './chunked.ts';
import { HeadReader } from './head-reader.ts';
import type { ReadRules } from './request-reader.ts';

/** How long a connection may be idle when its backend does not say: Node.js closes connections after 5 s. */
const IDLE_MS = 4_000;
/** Subtracted from the idle time that a backend announces, so that it does not close a connection just as we send on it. */
const MARGIN_MS = 1_000;

const SWITCHED = new ProxyError('bad-response', '101 without an Upgrade');
const FLOODED = new ProxyError('bad-response', 'interim responses without end');

/** Takes what is read from a connection to a backend, in order. */
export interface ResponseSink extends BodySink {
  /** An interim response (RFC 9110, section 15.2). Undefined when there were too many. */
  interim(head: ResponseHead): Flow | undefined;
  /** The head of the final response; false when the rest of the response is not wanted. */
  response(head: ResponseHead): boolean;
  /** The part of the body that came with the head was handed on, and more is to come. */
  bodyFollows(head: ResponseHead): void;
  /**
   * The response is whole.
   * @param surplus bytes behind it, which nobody asked for
   */
  responseEnded(trailers: string, surplus: number): void;
  /** What came is no response: nothing is read after it. */
  fail(error: ProxyError): void;
}

/** Finds the responses in the bytes of a connection to a backend, each of which answers the request that was begun last. */
export class ResponseReader {
  /** How long the connection may be idle until its next request, in milliseconds; 0 when it cannot have another. */
  idleMs = 0;
  /** The last read brought interim responses, which the client does not take yet. */
  isHeldUp = false;
  readonly #sink: ResponseSink;
  readonly #context: { readonly settings: ReadRules };
  readonly #heads = new HeadReader(mayBeginResponse);
  readonly #body = new BodyReader();
  #method = '';
  #isInBody = false;

  constructor(sink: ResponseSink, context: { readonly settings: ReadRules }) {
    this.#sink = sink;
    this.#context = context;
  }

  /** @param method of the request that the next response answers */
  begin(method: string): void {
    this.#method = method;
    this.#isInBody = false;
  }

  /** Bytes of a head that is not whole yet have come. */
  get isPartial(): boolean {
    return this.#heads.isPartial;
  }

  /** Takes the first `size` bytes of a buffer. The buffer is only lent: what must stay is copied. */
  read(buffer: Buffer, size: number): void {
    if (this.#isInBody) this.#readBody(buffer, 0, size);
    else this.#readHeads(buffer, size);
  }

  /** The backend has ended its side. Returns whether a response ended with that. */
  end(): boolean {
    if (!this.#isInBody || !this.#body.isUntilClose) return false;
    this.#endBody('', 0);
    return true;
  }

  /** Reads on until the head of the final response. */
  #readHeads(buffer: Buffer, size: number): void {
    const { rules, maxHeaderSize } = this.#context.settings;
    const heads = this.#heads;
    this.isHeldUp = false;
    let found = heads.read(buffer, 0, size, maxHeaderSize);
    while (found === 'whole') {
      const head = parseResponseHead(heads.text, heads.blank, this.#method, rules);
      if (head instanceof ProxyError) return this.#sink.fail(head);
      heads.consume(heads.blank + 4);
      if (head.status >= 200) return this.#begin(head);
      if (head.status === 101) return this.#sink.fail(SWITCHED);
      const flow = this.#sink.interim(head);
      if (flow === undefined) return this.#sink.fail(FLOODED);
      this.isHeldUp = flow === 'full';
      if (!heads.hasBytes) return heads.reset();
      found = heads.find(maxHeaderSize);
    }
    if (found !== 'partial') this.#sink.fail(new ProxyError('bad-response', `response head is ${found}`));
  }

  #begin(head: ResponseHead): void {
    this.#isInBody = true;
    this.idleMs = head.keepAlive ? idleTime(head) : 0;
    this.#body.begin(head.length, true);
    if (!this.#sink.response(head)) return;
    const { bytes, from, to } = this.#heads;
    this.#heads.reset();
    this.#readBody(bytes, from, to);
    if (this.#isInBody && this.#body.error === undefined) this.#sink.bodyFollows(head);
  }

  #readBody(buffer: Buffer, from: number, to: number): void {
    const end = this.#body.read(buffer, from, to, this.#sink);
    if (this.#body.error !== undefined) this.#sink.fail(new ProxyError('bad-response', this.#body.error));
    else if (this.#body.isComplete) this.#endBody(this.#body.trailers, to - end);
  }

  #endBody(trailers: string, surplus: number): void {
    this.#isInBody = false;
    this.#sink.responseEnded(trailers, surplus);
  }
}

/** How long a connection may be idle until its next request, in milliseconds: as the backend says, if it does. */
function idleTime({ idleSeconds }: ResponseHead): number {
  return idleSeconds > 0 ? Math.max(0, idleSeconds * 1_000 - MARGIN_MS) : IDLE_MS;
}
