import type { ProxyError } from '../errors.ts';
import { ServiceState } from '../upstream/service-state.ts';
import type { Target } from './attempt.ts';
import { type Ending, endAttempts } from './ending.ts';
import type { Exchange } from './exchange.ts';
import { mayFallBack, nextFallback } from './fallback.ts';
import type { ForwardContext } from './forward-context.ts';
import type { ExchangeGuard } from './guard.ts';
import { pickFor } from './pick.ts';
import { QueueTicket } from './queue-ticket.ts';
import { mayHold, pauseBefore } from './retry.ts';

/** Where a request continues once there is a backend for it again. */
interface Line {
  readonly ending: Ending;
  readonly guard: ExchangeGuard;
  choose(exchange: Exchange, service: ServiceState, otherwise: ProxyError): void;
  attempt(exchange: Exchange, service: ServiceState, target: Target): void;
}

/** Decides what happens to a request that no backend takes: it waits for one, or a fallback or an error answers. */
export class Failover {
  readonly #context: ForwardContext;
  readonly #line: Line;

  constructor(context: ForwardContext, line: Line) {
    this.#context = context;
    this.#line = line;
  }

  /** Puts the exchange into the queue of the service; false when there is no place, or its time in the queue is up. */
  wait(exchange: Exchange, service: ServiceState, error: ProxyError, isHeld: boolean): boolean {
    const { settings, sweep } = this.#context.runtime;
    const client = settings.clientLimit.clientAt(exchange.client);
    if (!service.queue.hasPlace(client, service.service.queue.size)) return false;
    const before = exchange.ticket;
    if (before === undefined || before.service !== service)
      exchange.ticket = new QueueTicket(exchange, service, error, isHeld, sweep, this.#line.guard);
    else if (!before.goesOn(error, isHeld)) return false;
    exchange.ticket?.enter(client);
    return true;
  }

  lookAgain(ticket: QueueTicket): void {
    const { exchange, service } = ticket;
    const backend = pickFor(exchange, service);
    if (backend === undefined) return;
    ticket.leave();
    this.#line.attempt(exchange, service, backend);
  }

  waitedInVain({ exchange, service, error }: QueueTicket): void {
    this.fail(exchange, service, error);
  }

  /** No backend answers: the service's fallback does, else the error. */
  fail(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    if (exchange.answered) return this.#line.ending.cut(exchange, error);
    endAttempts(exchange);
    const isHolding = service.service.holdMs > 0 && mayHold(exchange, error, service.service.retry);
    if (isHolding && this.wait(exchange, service, error, true)) return;
    const pauseMs = pauseBefore(exchange, service.service, error, Math.random);
    if (pauseMs !== undefined) this.#pause(exchange, service, error, pauseMs);
    else if (mayFallBack(exchange, error)) this.#fallBack(exchange, service, error);
    else this.#line.ending.answer(exchange, error);
  }

  /** Asks the same backends again after a moment, because all of them refused the connection. */
  #pause(exchange: Exchange, service: ServiceState, error: ProxyError, ms: number): void {
    exchange.pauses++;
    exchange.tried = undefined;
    if (!exchange.body.isComplete) exchange.downstream.pauseBody();
    const again = () => {
      service.stats.retries++;
      this.#line.choose(exchange, service, error);
    };
    exchange.endPause = this.#context.runtime.clock.after(ms, this.#line.guard.within(exchange, again));
  }

  #fallBack(exchange: Exchange, service: ServiceState, error: ProxyError): void {
    const { topology, standIns } = this.#context;
    const fallback = nextFallback(exchange, service, topology);
    if (fallback === undefined) return this.#line.ending.answer(exchange, error);
    service.stats.fallbacks++;
    exchange.error = error;
    if (fallback instanceof ServiceState) {
      exchange.service = fallback;
      exchange.tried = undefined;
      exchange.attempts = 0;
      this.#line.choose(exchange, fallback, error);
    } else if (fallback.kind === 'url') this.#line.attempt(exchange, service, fallback);
    else this.#line.ending.send(exchange, standIns.reply(exchange, fallback));
  }
}
