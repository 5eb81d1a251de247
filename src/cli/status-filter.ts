import type { LiveBackend, LiveService, LiveState } from '../admin/state.ts';
import { routeName } from '../model/route.ts';
import { containersOf } from '../model/service.ts';
import { nearest } from '../nearest.ts';

/** Keeps the service of this name, or else the services with the text in their name, a route or the name of a backend. */
export function filterState(state: LiveState, text: string): LiveState {
  const exact = state.services.filter(({ name }) => name === text);
  const services = exact.length > 0 ? exact : state.services.flatMap((service) => part(state, service, text));
  const subjects = new Set(services.flatMap(containersOf));
  const problems = state.problems.filter(({ subject }) => subjects.has(subject) || has(subject, text));
  return { ...state, services, problems };
}

/** Suggests the name of a service that may have been meant. */
export function nearestService(state: LiveState, text: string): string | undefined {
  const routes = state.routes.map(({ host }) => host);
  return nearest(text, [...state.services.map(({ name }) => name), ...routes]);
}

/** Keeps the whole service if the text is in its name or a route, else only the backends with the text in their name. */
function part(state: LiveState, service: LiveService, text: string): LiveService[] {
  const routes = state.routes.filter((route) => route.service === service.name).map(routeName);
  if ([service.name, ...routes].some((name) => has(name, text))) return [service];
  const backends = service.backends.filter(({ name, origin }) => has(name, text) || has(origin.name, text));
  return backends.length === 0 ? [] : [{ ...service, backends }];
}

function has(name: string, text: string): boolean {
  return name.toLowerCase().includes(text.toLowerCase());
}

/**
 * Sorts services by how bad they are: first those of which no backend serves, then those of which some do not, then the
 * rest, and last those that were removed.
 */
export function illFirst(services: readonly LiveService[]): LiveService[] {
  return services
    .map((service) => ({
      ...service,
      backends: service.backends.toSorted((a, b) => Number(isOut(b)) - Number(isOut(a))),
    }))
    .toSorted((a, b) => illness(b) - illness(a));
}

export type ServiceState = 'available' | 'degraded' | 'unavailable';

/** Whether all, some or none of its backends take requests. */
export function stateOfService({ backends }: LiveService): ServiceState {
  const out = backends.filter(isOut).length;
  // A backend of weight 0 takes no requests either, but that is somebody's wish.
  const taking = backends.filter((backend) => !isOut(backend) && backend.weight > 0).length;
  if (taking === 0) return 'unavailable';
  return out === 0 ? 'available' : 'degraded';
}

function illness(service: LiveService): number {
  if (service.absence?.removed !== undefined) return -1;
  return { available: 0, degraded: 1, unavailable: 2 }[stateOfService(service)];
}

export function isOut({ health }: LiveBackend): boolean {
  return health.flags.length > 0;
}
