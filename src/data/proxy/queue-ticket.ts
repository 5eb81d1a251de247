import type { ProxyError } from '../errors.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { Waiter } from '../upstream/queue.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** What happens to an exchange in a queue. */
export interface QueueEvents {
  /** Looks for a backend again. */
  lookAgain(ticket: QueueTicket): void;
  /** The time in the queue is up, or there is nothing to wait for any more. */
  waitedInVain(ticket: QueueTicket): void;
}

/** The place of an exchange in the queue of its service: until a backend is free, or, if it is held, until one appears. */
export class QueueTicket implements Waiter, Expiring {
  deadline: number;
  isHeld: boolean;
  readonly exchange: Exchange;
  readonly service: ServiceState;
  /** The error for the client if it waits in vain. */
  error: ProxyError;
  readonly #sweep: Sweep;
  readonly #events: QueueEvents;

  constructor(
    exchange: Exchange,
    service: ServiceState,
    error: ProxyError,
    isHeld: boolean,
    sweep: Sweep,
    events: QueueEvents,
  ) {
    const { holdMs, queue } = service.service;
    this.exchange = exchange;
    this.service = service;
    this.error = error;
    this.isHeld = isHeld;
    this.deadline = sweep.deadlineIn(isHeld ? holdMs : queue.timeoutMs);
    this.#sweep = sweep;
    this.#events = events;
  }

  /** The backend that it found has failed. False when the exchange may not wait for another one, because its time is up. */
  goesOn(error: ProxyError, isHeld: boolean): boolean {
    this.error = error;
    this.isHeld = isHeld;
    return this.deadline > this.#sweep.now;
  }

  /**
   * Takes the last place in the queue.
   * @param client whose share of the queue it counts to; empty without a limit
   */
  enter(client: string): void {
    const { service, exchange } = this;
    service.queue.add(this, client);
    service.stats.waited++;
    service.stats.waiting++;
    this.#sweep.add(this);
    // The body is not read meanwhile: it would have to be kept.
    if (!exchange.body.isComplete) exchange.downstream.pauseBody();
  }

  leave(): void {
    if (!this.service.queue.delete(this)) return;
    this.service.stats.waiting--;
    this.#sweep.delete(this);
  }

  retry(isNews: boolean): void {
    // A backend that failed before may have been replaced by now.
    if (isNews && this.isHeld) this.exchange.tried = undefined;
    this.#events.lookAgain(this);
  }

  giveUp(): void {
    this.leave();
    this.deadline = Number.NEGATIVE_INFINITY;
    this.service.stats.waitedInVain++;
    this.#events.waitedInVain(this);
  }

  expire(): void {
    this.giveUp();
  }
}
