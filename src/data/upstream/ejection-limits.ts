import type { BackendState } from './backend-state.ts';
import { isLent } from './ejection.ts';
import type { ServiceState } from './service-state.ts';

/** How many backends of a service may be ejected at a time: a share of those with a weight, rounded down. */
export function maxEjected({ backends, service }: ServiceState): number {
  const serving = backends.filter(({ backend }) => backend.weight > 0).length;
  return Math.floor((serving * service.eject.maxPercent) / 100);
}

/** Whether the limits allow to eject or suspect a backend. One that gets no new requests anyway needs no other reason. */
export function mayEject(service: ServiceState, backend: BackendState): boolean {
  if (!backend.isAvailable) return false;
  const out = service.backends.filter((other) => other.ejection !== undefined && !isLent(other)).length;
  return out < maxEjected(service) && hasOther(service, backend);
}

/** Whether another backend of the service is available. */
export function hasOther({ backends }: ServiceState, backend: BackendState): boolean {
  return backends.some((other) => other !== backend && other.isAvailable);
}
