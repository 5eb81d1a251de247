import type { Timeouts } from '../../model/service.ts';
import { ProxyError } from '../errors.ts';
import { isEventStream, type ResponseHead } from '../message/response-head.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { Phase } from './failures.ts';

const NO_TIMEOUTS: Timeouts = { connectMs: 0, responseMs: 0, idleMs: 0, eventsMs: 0, requestMs: 0 };

/** How long a backend is waited for on a connection, by what it has to do next. No time runs while that is up to the client. */
export class Patience implements Expiring {
  deadline = Number.POSITIVE_INFINITY;
  readonly #sweep: Sweep;
  readonly #owner: Omit<Expiring, 'deadline'>;
  #timeouts = NO_TIMEOUTS;
  #tryMs = 0;
  /** Between two parts of the response's body. */
  #bodyMs = 0;

  /** @param owner told when the time is over; `late` says what that means */
  constructor(sweep: Sweep, owner: Omit<Expiring, 'deadline'>) {
    this.#sweep = sweep;
    this.#owner = owner;
    sweep.add(this);
  }

  /**
   * An exchange begins. All times are in milliseconds; 0 is no limit.
   * @param tryMs how long one try may wait for its response; 0 is as long as the response may
   */
  begin(timeouts: Timeouts, tryMs: number): void {
    this.#timeouts = timeouts;
    this.#tryMs = tryMs;
    this.#bodyMs = timeouts.idleMs;
  }

  /** For the connection. */
  forConnection(): void {
    this.#wait(this.#timeouts.connectMs);
  }

  /**
   * For what the backend has to do next, after more of the request was sent: one that answers, and takes the rest of the request,
   * does it.
   * @param isDone the request was sent whole
   * @param isTaken nothing of it waits
   */
  forAnswer(phase: Phase, isDone: boolean, isTaken: boolean): void {
    const { responseMs, idleMs } = this.#timeouts;
    if (phase === 'head') this.#wait(isDone ? this.#tryMs || responseMs : isTaken ? 0 : idleMs);
    else if (phase === 'body' && isTaken && this.deadline < Number.POSITIVE_INFINITY) this.forBody();
  }

  /** For more of the response's body. */
  forBody(): void {
    this.#wait(this.#bodyMs);
  }

  /** For the backend to close a connection that waits for a request. @param ms Infinity where another will close it */
  untilIdle(ms: number): void {
    this.deadline = this.#sweep.now + ms;
  }

  /** It is the client's turn, whose own deadline runs. */
  stop(): void {
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** The connection is closed. */
  end(): void {
    this.#sweep.delete(this);
  }

  /**
   * The response goes on: true when it is one of events, for which other times count. An event stream is silent while nothing
   * happens: unless somebody said how long that may last, it ends only with one of its sides.
   */
  isForEvents(head: ResponseHead): boolean {
    if (!isEventStream(head)) return false;
    this.#bodyMs = this.#timeouts.eventsMs;
    return true;
  }

  expire(): void {
    this.stop();
    this.#owner.expire();
  }

  onBroken(error: unknown): void {
    this.#owner.onBroken?.(error);
  }

  /**
   * What is late when the time is over; undefined when that is the client.
   * @param pending bytes of the request that the backend has not taken yet
   */
  late(phase: Phase, isDone: boolean, pending: number): ProxyError | undefined {
    const { connectMs, responseMs, idleMs } = this.#timeouts;
    if (phase === 'connecting')
      return new ProxyError(
        'connect-timeout',
        `no connection within ${connectMs} ms (fairlead.timeout.connect)`,
      );
    if (phase === 'body')
      return new ProxyError(
        'body-stalled',
        `the response stalled for ${this.#bodyMs} ms (fairlead.timeout.idle)`,
      );
    if (isDone) {
      const option = this.#tryMs > 0 ? 'fairlead.retry.timeout' : 'fairlead.timeout.response';
      return new ProxyError(
        'response-timeout',
        `no response within ${this.#tryMs || responseMs} ms (${option})`,
      );
    }
    // All that came of the request was taken meanwhile: the rest is the client's to send.
    if (pending === 0) return undefined;
    return new ProxyError(
      'body-stalled',
      `the request was not taken for ${idleMs} ms (fairlead.timeout.idle)`,
    );
  }

  /** 0 is no limit. */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#sweep.deadlineIn(ms) : Number.POSITIVE_INFINITY;
  }
}
