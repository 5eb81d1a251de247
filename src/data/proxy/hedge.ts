import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import { startAttempt } from './attempt.ts';
import type { Exchange, Upstream } from './exchange.ts';
import type { ForwardContext } from './forward-context.ts';
import { pay } from './payment.ts';
import { mayHedge } from './retry.ts';

/** Where a request may be tried, too, whose backend hangs; undefined when it stays there. */
export function pickHedge(exchange: Exchange, service: ServiceState): BackendState | undefined {
  const { retry, hedge } = service.service;
  if (hedge === 'off' || exchange.backend === undefined || !mayHedge(exchange, retry)) return undefined;
  return service.pickOther(triedBy(exchange), exchange);
}

/** Sends another backend the request as well, if the budget pays for it. */
export function startHedge(
  exchange: Exchange,
  service: ServiceState,
  backend: BackendState,
  context: ForwardContext,
): void {
  if (!pay(exchange, service, context.elapsed())) return;
  exchange.tried = triedBy(exchange);
  const startedAt = service.isTimed ? context.elapsed() : 0;
  exchange.hedge = { backend, startedAt, upstream: startAttempt(exchange, service, backend, false, context) };
  exchange.hedge.upstream.flush();
  service.stats.hedges++;
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
