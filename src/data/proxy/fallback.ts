import type { Fallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** Whether a fallback may answer: no backend is available, or the fallback before it did not answer. */
export function mayFallBack(exchange: Exchange, error: ProxyError): boolean {
  const isDown = error.code === 'unavailable' || error.retry === 'always';
  return isDown || (exchange.fallbacks !== undefined && exchange.backend === undefined);
}

/**
 * The next fallback to ask: those of the service that has failed, then the remaining ones of the services for which it stood
 * in. A service is asked once, so that circles end. If the request's body is no longer kept, only a page or status can answer.
 */
export function nextFallback(
  exchange: Exchange,
  service: ServiceState,
  topology: { serviceNamed(name: string): ServiceState | undefined },
): Exclude<Fallback, { kind: 'service' }> | ServiceState | undefined {
  if (!exchange.failed.includes(service)) {
    exchange.failed = [...exchange.failed, service];
    exchange.fallbacks = [...(service.service.fallback ?? []), ...(exchange.fallbacks ?? [])];
  }
  for (;;) {
    const next = exchange.fallbacks?.shift();
    if (next === undefined || next.kind === 'page' || next.kind === 'status') return next;
    if (!exchange.body.canReplay) continue;
    if (next.kind === 'url') return next;
    const other = topology.serviceNamed(next.service);
    if (other !== undefined && !exchange.failed.includes(other)) return other;
  }
}
