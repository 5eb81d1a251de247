import type { BackendState } from '../upstream/backend-state.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** Where a request goes next; undefined when none of those that were not tried yet takes it. */
export function pickFor(exchange: Exchange, service: ServiceState): BackendState | undefined {
  const { tried, downstream } = exchange;
  if (tried !== undefined) return service.pickOther(tried, exchange);
  const own = downstream.own?.backendFor(service);
  if (own === undefined) return service.pick(exchange);
  // Full is not gone: its client waits for it.
  return own.hasRoom ? own : undefined;
}

/** The backends that have the request, or had it. */
export function triedBy({ tried = [], backend }: Exchange): BackendState[] {
  return backend === undefined ? [...tried] : [...tried, backend];
}

/**
 * Who gets an attempt that is made again because of its connection: the same backend, unless it has gone meanwhile and
 * another one can take it.
 */
export function pickAgain(exchange: Exchange, service: ServiceState, backend: BackendState): BackendState {
  if (backend.isWell) return backend;
  const tried = triedBy(exchange);
  const other = service.pickOther(tried, exchange);
  if (other === undefined) return backend;
  exchange.tried = tried;
  return other;
}
