import type { LiveBackend, LiveService, LiveState } from '../admin/state.ts';
import { routeName } from '../model/route.ts';
import { containersOf } from '../model/service.ts';
import { nearest } from '../nearest.ts';

/** The services that a text is about: of that name, or else with it in their name, a route, or a backend's name. */
export function filterState(state: LiveState, text: string): LiveState {
  const exact = state.services.filter(({ name }) => name === text);
  const services = exact.length > 0 ? exact : state.services.flatMap((service) => part(state, service, text));
  const subjects = new Set(services.flatMap(containersOf));
  const problems = state.problems.filter(({ subject }) => subjects.has(subject) || has(subject, text));
  return { ...state, services, problems };
}

/** The name of a service that may have been meant. */
export function nearestService(state: LiveState, text: string): string | undefined {
  const routes = state.routes.map(({ host }) => host);
  return nearest(text, [...state.services.map(({ name }) => name), ...routes]);
}

/** Whole, or those of its backends that the text is about. */
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
 * The ill ones first: services without anybody who serves, then those with some who do not, then the rest; last what was
 * removed.
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
  // One that was given no weight takes none either, but it is no illness.
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
