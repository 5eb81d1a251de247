import type { ProxyError } from '../errors.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { Waiter } from '../upstream/queue.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** What becomes of an exchange that waits. */
export interface QueueEvents {
  /** Looks for a backend again. */
  lookAgain(ticket: QueueTicket): void;
  /** It has waited long enough, or for nothing. */
  waitedInVain(ticket: QueueTicket): void;
}

/** The wait of an exchange for a backend of its service: for one to be free, or held for one to appear. */
export class QueueTicket implements Waiter, Expiring {
  deadline: number;
  isHeld: boolean;
  readonly exchange: Exchange;
  readonly service: ServiceState;
  /** What the client is told if it was in vain. */
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

  /** It found a backend in vain: false when it may not wait for another one, because its time is up. */
  goesOn(error: ProxyError, isHeld: boolean): boolean {
    this.error = error;
    this.isHeld = isHeld;
    return this.deadline > this.#sweep.now;
  }

  /**
   * Stands in line, behind all others.
   * @param client whose share of the line it takes; empty without a limit
   */
  enter(client: string): void {
    const { service, exchange } = this;
    service.queue.add(this, client);
    service.stats.waited++;
    service.stats.waiting++;
    this.#sweep.add(this);
    // What is sent meanwhile would have to be kept.
    if (!exchange.body.isComplete) exchange.downstream.pauseBody();
  }

  leave(): void {
    if (!this.service.queue.delete(this)) return;
    this.service.stats.waiting--;
    this.#sweep.delete(this);
  }

  retry(isNews: boolean): void {
    // What failed before may be another by now.
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
