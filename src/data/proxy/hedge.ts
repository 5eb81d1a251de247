import type { BackendState } from '../upstream/backend-state.ts';
import type { HangEvents, TrialLimits } from '../upstream/hang.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import { startAttempt } from './attempt.ts';
import type { Exchange, Upstream } from './exchange.ts';
import type { ForwardContext } from './forward-context.ts';
import { ownBackend } from './own.ts';
import { pay } from './payment.ts';
import { mayHedge } from './retry.ts';

/** Where a request goes next; undefined when none of those that were not tried yet takes it. */
export function pickFor(exchange: Exchange, service: ServiceState): BackendState | undefined {
  const { tried, downstream } = exchange;
  if (tried !== undefined) return service.pickOther(tried, exchange);
  const own = downstream.own === undefined ? undefined : ownBackend(downstream, service);
  if (own === undefined) return service.pick(exchange);
  // Full is not gone: its client waits for it.
  return own.hasRoom ? own : undefined;
}

/** Where a request may be tried, too, whose backend hangs; undefined when it stays there. */
function pickHedge(exchange: Exchange, service: ServiceState): BackendState | undefined {
  const { retry, hedge } = service.service;
  if (hedge === 'off' || exchange.backend === undefined || !mayHedge(exchange, retry)) return undefined;
  return service.pickOther(triedBy(exchange), exchange);
}

/** Second attempts for requests whose backend hangs. */
export class Hedger implements HangEvents {
  readonly #context: ForwardContext;
  readonly #moveOn: (exchange: Exchange, service: ServiceState) => void;

  /** @param moveOn goes on with another backend, without the attempt that there was */
  constructor(context: ForwardContext, moveOn: (exchange: Exchange, service: ServiceState) => void) {
    this.#context = context;
    this.#moveOn = moveOn;
  }

  hedge(exchange: Exchange): void {
    const service = exchange.service as ServiceState;
    const backend = pickHedge(exchange, service);
    if (backend === undefined) return;
    if (exchange.body.isSent) return void this.#start(exchange, service, backend);
    // There is not even a connection: nothing is lost by giving it up.
    exchange.upstream?.abort();
    this.#moveOn(exchange, service);
  }

  tryOut(exchange: Exchange, on: BackendState | undefined, limits: TrialLimits): BackendState | undefined {
    const service = exchange.service as ServiceState;
    const picked = pickHedge(exchange, service);
    const backend = on ?? picked;
    if (picked === undefined || backend === undefined) return undefined;
    const tried = triedBy(exchange);
    if (tried.includes(backend) || !backend.hasRoom) return undefined;
    const isSpare = service.backends.some(
      (other) => other !== backend && !tried.includes(other) && other.isAvailable,
    );
    if ((!isSpare && !limits.mayBeLast) || (on === undefined && backend.inFlight > 0 && !limits.mayBeBusy))
      return undefined;
    return this.#start(exchange, service, backend) ? backend : undefined;
  }

  /** Sends another backend the request as well; false when the budget does not pay for it. */
  #start(exchange: Exchange, service: ServiceState, backend: BackendState): boolean {
    if (!pay(exchange, service, this.#context.elapsed())) return false;
    exchange.tried = triedBy(exchange);
    const startedAt = service.isTimed ? this.#context.elapsed() : 0;
    const upstream = startAttempt(exchange, service, backend, false, this.#context);
    exchange.hedge = { backend, startedAt, upstream };
    upstream.flush();
    service.stats.hedges++;
    return true;
  }
}

/** The backends that have the request, or had it. */
export function triedBy({ tried, backend }: Exchange): BackendState[] {
  return backend === undefined ? [...(tried ?? [])] : [...(tried ?? []), backend];
}

/** The backend of an attempt that answered, or failed. */
export function backendOf(exchange: Exchange, from: Upstream): BackendState | undefined {
  return from === exchange.hedge?.upstream ? exchange.hedge.backend : exchange.backend;
}

/** Ends one of two attempts without an answer: the other one is all there is. */
export function dropAttempt(exchange: Exchange, service: ServiceState, from: Upstream): void {
  const { hedge, backend } = exchange;
  if (hedge === undefined) return;
  exchange.hedge = undefined;
  if (from === hedge.upstream) return service.release(hedge.backend);
  if (backend !== undefined) service.release(backend);
  exchange.upstream = hedge.upstream;
  exchange.backend = hedge.backend;
  exchange.attemptedAt = hedge.startedAt;
}

/** One of two attempts has answered: the other is cancelled. True when the second was faster. */
export function keepAttempt(exchange: Exchange, service: ServiceState, from: Upstream): boolean {
  const { hedge, upstream } = exchange;
  const isHedge = from === hedge?.upstream;
  const loser = isHedge ? upstream : hedge?.upstream;
  loser?.abort();
  if (loser !== undefined) dropAttempt(exchange, service, loser);
  return isHedge;
}
