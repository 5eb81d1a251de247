import { internalErrors } from '../../telemetry/internal-errors.ts';
import { INTERNAL, type ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { TrialLimits } from '../upstream/pending.ts';
import type { Attempt, AttemptEvents } from './attempt.ts';
import type { Exchange } from './exchange.ts';
import type { FilterEvents } from './filters/wait.ts';
import type { QueueEvents, QueueTicket } from './queue-ticket.ts';
import type { Reply } from './reply.ts';

/** The parts of the life of a request that callbacks call. */
export interface Life extends Omit<AttemptEvents, 'onBroken' | 'hedge' | 'tryOut'> {
  readonly failover: QueueEvents;
  readonly filters: Pick<FilterEvents, 'filtered'>;
  readonly hedger: Pick<AttemptEvents, 'hedge' | 'tryOut'>;
  readonly ending: { clientFailed(exchange: Exchange, error: ProxyError): void };
  open(exchange: Exchange): void;
}

/**
 * Every callback enters the life of a request through here. Whatever throws ends that request alone, with 500 or a reset
 * connection: what it held is given back, and it is counted and logged like any other.
 */
export class ExchangeGuard implements AttemptEvents, QueueEvents, FilterEvents {
  readonly #life: Life;

  constructor(life: Life) {
    this.#life = life;
  }

  open(exchange: Exchange): void {
    try {
      this.#life.open(exchange);
    } catch (error) {
      this.onBroken(exchange, error);
    }
  }

  onConnected(attempt: Attempt): void {
    try {
      this.#life.onConnected(attempt);
    } catch (error) {
      this.onBroken(attempt.exchange, error);
    }
  }

  onResponse(attempt: Attempt, head: ResponseHead): boolean {
    try {
      return this.#life.onResponse(attempt, head);
    } catch (error) {
      this.onBroken(attempt.exchange, error);
      return false;
    }
  }

  onComplete(attempt: Attempt): void {
    try {
      this.#life.onComplete(attempt);
    } catch (error) {
      this.onBroken(attempt.exchange, error);
    }
  }

  onFailure(attempt: Attempt, failure: ProxyError): void {
    const { exchange } = attempt;
    // An attempt can still fail after its exchange has ended.
    if (!exchange.finished) this.within(exchange, () => this.#life.onFailure(attempt, failure))();
  }

  clientFailed(exchange: Exchange, failure: ProxyError): void {
    this.within(exchange, () => this.#life.ending.clientFailed(exchange, failure))();
  }

  filtered(exchange: Exchange, reply: Reply | undefined): void {
    this.within(exchange, () => this.#life.filters.filtered(exchange, reply))();
  }

  lookAgain(ticket: QueueTicket): void {
    this.within(ticket.exchange, () => this.#life.failover.lookAgain(ticket))();
  }

  waitedInVain(ticket: QueueTicket): void {
    this.within(ticket.exchange, () => this.#life.failover.waitedInVain(ticket))();
  }

  hedge(attempt: Attempt): void {
    this.within(attempt.exchange, () => this.#life.hedger.hedge(attempt))();
  }

  tryOut(attempt: Attempt, on: BackendState | undefined, limits: TrialLimits): Attempt | undefined {
    try {
      return this.#life.hedger.tryOut(attempt, on, limits);
    } catch (error) {
      this.onBroken(attempt.exchange, error);
      return undefined;
    }
  }

  /** Wraps a callback that belongs to an exchange. */
  within(exchange: Exchange, run: () => void): () => void {
    return () => {
      try {
        run();
      } catch (error) {
        this.onBroken(exchange, error);
      }
    };
  }

  onBroken(exchange: Exchange | undefined, error: unknown): void {
    internalErrors.report('request', error);
    if (exchange === undefined || exchange.finished) return;
    if (this.#ends(exchange)) return;
    // The error reply threw as well: the connection is reset without an answer.
    exchange.answered = true;
    if (!this.#ends(exchange)) exchange.downstream.destroy();
  }

  #ends(exchange: Exchange): boolean {
    try {
      this.#life.ending.clientFailed(exchange, INTERNAL);
    } catch (error) {
      internalErrors.report('request', error);
    }
    return exchange.finished;
  }
}
