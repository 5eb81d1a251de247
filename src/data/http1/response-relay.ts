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
  /** Stops reading: the client takes no more for now. */
  pause(): void;
  /** Has the kernel find out whether the backend is still there, since the response may be silent for long. */
  keepAlive(): void;
  /**
   * A whole response was handed on: the connection is free for another request.
   * @param surplus bytes behind the response, which nobody asked for
   */
  release(surplus: number): void;
  fail(error: ProxyError): void;
}

/** Reads the responses of a connection, and hands each to the exchange of its attempt, as fast as the client takes it. */
export class ResponseRelay implements ResponseSink {
  /** The attempt whose response comes next, or is coming; undefined between two of them. */
  attempt: Attempt | undefined = undefined;
  /** The head of that attempt's response has come. */
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

  /** A part of a head has come, but not all of it. */
  get isPartial(): boolean {
    return this.#reader.isPartial;
  }

  /** See `ResponseReader.idleMs`. */
  get idleMs(): number {
    return this.#reader.idleMs;
  }

  /** The buffer for the next read. */
  nextBuffer(): Buffer {
    return this.#readBuffer.next(this.isInBody ? this.#lastRead : 0);
  }

  /** Takes what was read: the first `size` bytes of the latest `nextBuffer`. */
  read(buffer: Buffer, size: number): void {
    this.#lastRead = size;
    this.#reader.read(buffer, size);
    if (this.#reader.isHeldUp) return this.#stop();
    // The response or the attempt may be over by now.
    if (!this.isInBody || this.attempt === undefined) return;
    this.#patience.forBody();
    this.#settle(this.attempt.exchange.sink.flush());
  }

  /** The backend has ended its side. Returns whether the response ended with that. */
  end(): boolean {
    return this.#reader.end();
  }

  /** The connection is closed. Its buffer is not used again: bytes in it may still wait to be sent. */
  close(): void {
    this.#readBuffer.giveAway();
  }

  // ResponseSink: what the reader finds.

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

  /**
   * Acts on what became of a write to the client: while bytes wait, nothing is read over them, and while too many do, nothing
   * is read.
   */
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
