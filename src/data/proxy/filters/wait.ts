import type { ProxyError } from '../../errors.ts';
import type { Expiring, Sweep } from '../../sweep.ts';
import type { Exchange } from '../exchange.ts';
import type { Reply } from '../reply.ts';

/** What becomes of an exchange that waited for a filter. None of these throws. */
export interface FilterEvents {
  /** The filter is through with the exchange: without a reply the request goes on. */
  filtered(exchange: Exchange, reply: Reply | undefined): void;
  clientFailed(exchange: Exchange, error: ProxyError): void;
  onBroken(exchange: Exchange, error: unknown): void;
}

/** How long a filter may take, and what happens when it takes longer. */
export interface WaitLimit {
  readonly ms: number;
  /** The error for the client when the time is up. */
  readonly error: ProxyError;
  /** Gives up the work of the filter: the time is up, or the exchange is over. Called at most once. */
  readonly onEnd: () => void;
}

/** An exchange waits for what a filter has to find out. What the filter says once the wait is over has no effect. */
export class FilterWait implements Expiring {
  deadline: number;
  readonly #exchange: Exchange;
  readonly #limit: WaitLimit;
  readonly #sweep: Sweep;
  readonly #events: FilterEvents;
  #isOver = false;

  constructor(exchange: Exchange, limit: WaitLimit, sweep: Sweep, events: FilterEvents) {
    this.deadline = sweep.deadlineIn(limit.ms);
    this.#exchange = exchange;
    this.#limit = limit;
    this.#sweep = sweep;
    this.#events = events;
    sweep.add(this);
    // The body is not read meanwhile: it would have to be kept.
    if (!exchange.body.isComplete) exchange.downstream.pauseBody();
  }

  /** The request goes on to the next filter, or to a backend. */
  goOn(): void {
    if (this.#end()) this.#events.filtered(this.#exchange, undefined);
  }

  /** The filter answers in the place of a backend. */
  answer(reply: Reply): void {
    if (this.#end()) this.#events.filtered(this.#exchange, reply);
  }

  /** The exchange ends before the filter is through. */
  giveUp(): void {
    if (this.#end()) this.#limit.onEnd();
  }

  expire(): void {
    this.giveUp();
    this.#events.clientFailed(this.#exchange, this.#limit.error);
  }

  /** Code of the filter threw; it may report errors of its own callbacks here, too. */
  onBroken(error: unknown): void {
    this.#end();
    this.#events.onBroken(this.#exchange, error);
  }

  /** Ends the wait. False when it was over before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#sweep.delete(this);
    return true;
  }
}
