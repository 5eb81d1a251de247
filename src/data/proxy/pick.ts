import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** The next backend for a request; undefined when none takes it that was not tried before. */
export function pickFor(exchange: Exchange, service: ServiceState): BackendState | undefined {
  const { tried, downstream } = exchange;
  if (tried !== undefined) return service.pickOther(tried, exchange);
  const own = downstream.own?.backendFor(service);
  if (own === undefined) return service.pick(exchange);
  // A full backend still serves: its client waits for it.
  return own.hasRoom ? own : undefined;
}

/** The backends that were sent the request. */
export function triedBy({ tried = [], backend }: Exchange): BackendState[] {
  return backend === undefined ? [...tried] : [...tried, backend];
}

/**
 * The backend for an attempt that is repeated because its connection was stale: the same one, unless that has gone
 * meanwhile and another one can take the request.
 */
export function pickAgain(exchange: Exchange, service: ServiceState, backend: BackendState): BackendState {
  if (backend.isUpOrSuspected) return backend;
  const tried = triedBy(exchange);
  const other = service.pickOther(tried, exchange);
  if (other === undefined) return backend;
  exchange.tried = tried;
  return other;
}
