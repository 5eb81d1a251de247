import type { Fallback } from '../../model/service.ts';
import type { ProxyError } from '../errors.ts';
import type { ServiceState } from '../upstream/service-state.ts';
import type { Exchange } from './exchange.ts';

/** Whether something else may answer in place of the backends: none is there, or what was to answer did not. */
export function mayFallBack(exchange: Exchange, error: ProxyError): boolean {
  const isDown = error.code === 'unavailable' || error.retry === 'always';
  return isDown || (exchange.fallbacks !== undefined && exchange.backend === undefined);
}

/**
 * What is asked next: what the service that has failed says, and then the rest of what those say for which it stood
 * in. A service is asked once, so that a circle ends; and without the whole request only a page or status answers.
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
