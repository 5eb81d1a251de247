import type { Timeouts } from '../../model/service.ts';
import { ProxyError } from '../errors.ts';
import { isEventStream, type ResponseHead } from '../message/response-head.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { Phase } from './failures.ts';

const NO_TIMEOUTS: Timeouts = { connectMs: 0, responseMs: 0, idleMs: 0, eventsMs: 0, requestMs: 0 };

/** The deadline of a connection to a backend, by what the backend has to do next. None runs while it is the client's turn. */
export class Patience implements Expiring {
  deadline = Number.POSITIVE_INFINITY;
  readonly #sweep: Sweep;
  readonly #owner: Omit<Expiring, 'deadline'>;
  #timeouts = NO_TIMEOUTS;
  #tryMs = 0;
  /** The longest pause between two parts of the response's body, in milliseconds. */
  #bodyMs = 0;

  /** @param owner told when the time is over; `late` says what that means */
  constructor(sweep: Sweep, owner: Omit<Expiring, 'deadline'>) {
    this.#sweep = sweep;
    this.#owner = owner;
    sweep.add(this);
  }

  /**
   * An exchange begins. All times are in milliseconds; 0 is no limit.
   * @param tryMs how long one attempt may wait for its response; 0 is as long as `timeouts.responseMs`
   */
  begin(timeouts: Timeouts, tryMs: number): void {
    this.#timeouts = timeouts;
    this.#tryMs = tryMs;
    this.#bodyMs = timeouts.idleMs;
  }

  /** Waits for the connection. */
  forConnection(): void {
    this.#wait(this.#timeouts.connectMs);
  }

  /**
   * More of the request was sent: waits for what the backend has to do next, which is to respond or to take the rest. During a
   * response, to take more of the request counts as progress, too.
   * @param isDone the whole request was written
   * @param isTaken nothing of it waits to be sent
   */
  forAnswer(phase: Phase, isDone: boolean, isTaken: boolean): void {
    const { responseMs, idleMs } = this.#timeouts;
    if (phase === 'head') this.#wait(isDone ? this.#tryMs || responseMs : isTaken ? 0 : idleMs);
    else if (phase === 'body' && isTaken && this.deadline < Number.POSITIVE_INFINITY) this.forBody();
  }

  /** Waits for more of the response's body. */
  forBody(): void {
    this.#wait(this.#bodyMs);
  }

  /**
   * Lets the connection be idle for so long before it is closed.
   * @param ms Infinity where somebody else closes it
   */
  untilIdle(ms: number): void {
    this.deadline = this.#sweep.now + ms;
  }

  /** Sets no deadline: it is the client's turn, which has a deadline of its own. */
  stop(): void {
    this.deadline = Number.POSITIVE_INFINITY;
  }

  /** The connection is closed. */
  end(): void {
    this.#sweep.delete(this);
  }

  /**
   * Whether the response is an event stream, whose pauses have a limit of their own from now on. An event stream is silent
   * while nothing happens: unless somebody has set that limit, it ends only with one of its sides.
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
   * The error when the time is over; undefined when the client is late, not the backend.
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
    // The backend has taken all that came of the request: the client has to send the rest.
    if (pending === 0) return undefined;
    return new ProxyError(
      'body-stalled',
      `the request was not taken for ${idleMs} ms (fairlead.timeout.idle)`,
    );
  }

  /** @param ms 0 is no limit */
  #wait(ms: number): void {
    this.deadline = ms > 0 ? this.#sweep.deadlineIn(ms) : Number.POSITIVE_INFINITY;
  }
}
