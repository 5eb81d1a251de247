import type { Timeouts } from '../../model/service.ts';
import { ProxyError } from '../errors.ts';
import { isEventStream, type ResponseHead } from '../message/response-head.ts';
import type { Transport } from '../socket/transport.ts';
import type { Progress } from './failures.ts';

const NO_TIMEOUTS: Timeouts = { connectMs: 0, responseMs: 0, idleMs: 0, eventsMs: 0, requestMs: 0 };

/** How long a backend is waited for with one exchange, by what it has to do next. In milliseconds; 0 is no limit. */
export class Patience {
  /** Between two parts of the response's body. */
  bodyMs = 0;
  #timeouts = NO_TIMEOUTS;
  #tryMs = 0;

  /** @param tryMs how long one try may wait for its response; 0 is as long as the response may */
  begin(timeouts: Timeouts, tryMs: number): void {
    this.#timeouts = timeouts;
    this.#tryMs = tryMs;
    this.bodyMs = timeouts.idleMs;
  }

  get connectMs(): number {
    return this.#timeouts.connectMs;
  }

  /** Until it takes more of the request, or answers it. */
  headMs(isRequestDone: boolean, isTaken: boolean): number {
    if (isRequestDone) return this.#tryMs || this.#timeouts.responseMs;
    return isTaken ? 0 : this.#timeouts.idleMs;
  }

  /**
   * The response goes on: true when it is one of events, for which other times count. An event stream is silent while nothing happens: unless somebody said how long that may last, it ends
   * only with one of its sides, which the kernel asks whether it is there, as it does with the client.
   */
  isForEvents(head: ResponseHead, transport: Transport): boolean {
    if (!isEventStream(head)) return false;
    this.bodyMs = this.#timeouts.eventsMs;
    transport.keepAlive();
    return true;
  }

  /** What is late when the time has passed; undefined when that is the client. */
  late({ phase, isConnected, requestDone, pending }: Progress): ProxyError | undefined {
    const { connectMs, responseMs, idleMs } = this.#timeouts;
    if (!isConnected)
      return new ProxyError(
        'connect-timeout',
        `no connection within ${connectMs} ms (fairlead.timeout.connect)`,
      );
    if (phase === 'body')
      return new ProxyError(
        'body-stalled',
        `the response stalled for ${this.bodyMs} ms (fairlead.timeout.idle)`,
      );
    if (requestDone) {
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
}
