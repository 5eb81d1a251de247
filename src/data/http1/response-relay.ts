import type { ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { Attempt } from '../proxy/attempt.ts';
import { ReadBuffer } from '../socket/read-buffer.ts';
import type { Flow } from '../socket/transport.ts';
import type { Patience } from './patience.ts';
import type { ReadRules } from './request-reader.ts';
import { ResponseReader, type ResponseSink } from './response-reader.ts';

/** The connection that a relay reads. */
export interface Carrier {
  /** The client takes no more for now. */
  pause(): void;
  /** The response may be silent for long: whether the backend is still there the kernel finds out. */
  keepAlive(): void;
  /**
   * A response was handed on whole: the connection is free for another.
   * @param surplus bytes behind it, which nobody asked for
   */
  release(surplus: number): void;
  fail(error: ProxyError): void;
}

/** Hands on the responses that are read of a connection, each to the exchange of its attempt, as fast as the client takes it. */
export class ResponseRelay implements ResponseSink {
  /** Whose response comes next, or is coming; undefined in between. */
  attempt: Attempt | undefined = undefined;
  /** The head of its response has come. */
  isInBody = false;
  readonly #carrier: Carrier;
  readonly #patience: Patience;
  readonly #reader: ResponseReader;
  readonly #readBuffer = new ReadBuffer();
  #lastRead = 0;

  constructor(carrier: Carrier, patience: Patience, context: { readonly settings: ReadRules }) {
    this.#carrier = carrier;
    this.#patience = patience;
    this.#reader = new ResponseReader(this, context);
  }

  begin(attempt: Attempt): void {
    this.attempt = attempt;
    this.isInBody = false;
    this.#reader.begin(attempt.exchange.head.method);
  }

  /** A part of a head has come, and no more. */
  get isPartial(): boolean {
    return this.#reader.isPartial;
  }

  /** As the reader's. */
  get idleMs(): number {
    return this.#reader.idleMs;
  }

  /** Where the next read goes to. */
  nextBuffer(): Buffer {
    return this.#readBuffer.next(this.isInBody ? this.#lastRead : 0);
  }

  /** Takes the first `size` bytes of that buffer. */
  read(buffer: Buffer, size: number): void {
    this.#lastRead = size;
    this.#reader.read(buffer, size);
    if (this.#reader.isHeldUp) return this.#stop();
    // The response may be over, or the attempt.
    if (!this.isInBody || this.attempt === undefined) return;
    this.#patience.forBody();
    this.#settle(this.attempt.exchange.sink.flush());
  }

  /** Nothing more comes: answers whether the response has ended with that. */
  end(): boolean {
    return this.#reader.end();
  }

  /** The connection is closed: what was read may still wait to be sent. */
  close(): void {
    this.#readBuffer.giveAway();
  }

  // What the reader finds.

  interim(head: ResponseHead): Flow | undefined {
    return this.attempt?.exchange.inform(head);
  }

  response(head: ResponseHead): boolean {
    this.isInBody = true;
    this.#readBuffer.begin();
    return this.attempt?.responded(head) === true;
  }

  body(buffer: Buffer, from: number, to: number): void {
    this.attempt?.exchange.respondBody(buffer, from, to);
  }

  bodyFollows(head: ResponseHead): void {
    if (this.#patience.isForEvents(head)) this.#carrier.keepAlive();
  }

  responseEnded(trailers: string, surplus: number): void {
    const { attempt } = this;
    if (attempt === undefined) return;
    const { sink } = attempt.exchange;
    sink.end(trailers);
    this.isInBody = false;
    this.#settle(sink.flush());
    this.attempt = undefined;
    this.#carrier.release(surplus);
    attempt.completed();
  }

  fail(error: ProxyError): void {
    this.#carrier.fail(error);
  }

  /** After a write to the client: its bytes may still lie where they were read, or be too many. */
  #settle(flow: Flow): void {
    if (flow === 'taken') return;
    this.#readBuffer.giveAway();
    if (flow === 'full' && this.isInBody) this.#stop();
  }

  #stop(): void {
    this.#patience.stop();
    this.#carrier.pause();
  }
}
