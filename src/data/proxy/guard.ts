import { internalErrors } from '../../telemetry/internal-errors.ts';
import { INTERNAL, type ProxyError } from '../errors.ts';
import type { ResponseHead } from '../message/response-head.ts';
import type { BackendState } from '../upstream/backend-state.ts';
import type { HangEvents, TrialLimits } from '../upstream/hang.ts';
import type { Exchange, ExchangeEvents, GuardedEvents, Upstream } from './exchange.ts';
import type { QueueEvents, QueueTicket } from './queue-ticket.ts';

interface Life extends ExchangeEvents, QueueEvents {
  readonly hedger: HangEvents;
  open(exchange: Exchange): void;
  clientFailed(exchange: Exchange, error: ProxyError): void;
}

/**
 * All the ways from a callback into the life of a request. Whatever throws there ends that request, with 500 or a cut
 * connection, and nothing else: what it held is given back, and it is counted and logged like any other.
 */
export class ExchangeGuard implements GuardedEvents, QueueEvents, HangEvents {
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

  onConnected(exchange: Exchange): void {
    try {
      this.#life.onConnected(exchange);
    } catch (error) {
      this.onBroken(exchange, error);
    }
  }

  onResponse(exchange: Exchange, head: ResponseHead, from: Upstream): boolean {
    try {
      return this.#life.onResponse(exchange, head, from);
    } catch (error) {
      this.onBroken(exchange, error);
      return false;
    }
  }

  onComplete(exchange: Exchange): void {
    try {
      this.#life.onComplete(exchange);
    } catch (error) {
      this.onBroken(exchange, error);
    }
  }

  onFailure(exchange: Exchange, failure: ProxyError, from: Upstream): void {
    // An attempt that broke may fail, too, when its exchange is over.
    if (!exchange.finished) this.within(exchange, () => this.#life.onFailure(exchange, failure, from))();
  }

  clientFailed(exchange: Exchange, failure: ProxyError): void {
    this.within(exchange, () => this.#life.clientFailed(exchange, failure))();
  }

  lookAgain(waiting: QueueTicket): void {
    this.within(waiting.exchange, () => this.#life.lookAgain(waiting))();
  }

  waitedInVain(waiting: QueueTicket): void {
    this.within(waiting.exchange, () => this.#life.waitedInVain(waiting))();
  }

  hedge(exchange: Exchange): void {
    this.within(exchange, () => this.#life.hedger.hedge(exchange))();
  }

  tryOut(exchange: Exchange, on: BackendState | undefined, limits: TrialLimits): BackendState | undefined {
    try {
      return this.#life.hedger.tryOut(exchange, on, limits);
    } catch (error) {
      this.onBroken(exchange, error);
      return undefined;
    }
  }

  /** Something to run later that belongs to an exchange. */
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
    // What was to answer is broken, too: then nothing answers.
    exchange.answered = true;
    if (!this.#ends(exchange)) exchange.downstream.destroy();
  }

  #ends(exchange: Exchange): boolean {
    try {
      this.#life.clientFailed(exchange, INTERNAL);
    } catch (error) {
      internalErrors.report('request', error);
    }
    return exchange.finished;
  }
}
