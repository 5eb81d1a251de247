import { changedIndexes } from '../model/changes.ts';
import type { Filter } from '../model/filter.ts';
import type { BackendHealth } from '../model/health.ts';
import type { Route } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import { changedHealth, type Snapshot } from '../model/snapshot.ts';
import type { ServiceStats, TrafficStats } from '../model/stats.ts';

/**
 * A snapshot on its way to a worker: the difference to the one before it, without what only people read. Both ends hold
 * whole snapshots; a worker's thread carries traffic, and must not read thousands of routes because of one container.
 */
export interface WireSnapshot extends Pick<Snapshot, 'version' | 'topologyVersion' | 'createdAt'> {
  readonly services: WireList<Service>;
  readonly routes: WireList<WireRoute>;
  /** The filters of the fresh routes. Each list is in it once, since all routes of a service have the same. */
  readonly filters: readonly (readonly Filter[])[];
  /** The health that changed, by `Backend.id`. */
  readonly health: Readonly<Record<string, BackendHealth>>;
  /** The `Backend.id` of each backend that is gone. */
  readonly gone: readonly string[];
}

/** A route with the index of its filters. */
type WireRoute = Omit<Route, 'filters'> & { readonly filters?: number };

/** A list as its difference to the one before: the indexes there of what is gone, and new items with their index here. */
export interface WireList<T> {
  readonly gone: readonly number[];
  readonly fresh: readonly (readonly [index: number, item: T])[];
}

/** @param before what the worker has */
export function packSnapshot(snapshot: Snapshot, before: Snapshot): WireSnapshot {
  const { version, topologyVersion, createdAt, health } = snapshot;
  const { routes, filters } = packRoutes(packList(snapshot.routes, before.routes));
  return {
    version,
    topologyVersion,
    createdAt,
    services: packList(snapshot.services, before.services),
    routes,
    filters,
    health: Object.fromEntries(changedHealth(before, snapshot)),
    gone: before.health === health ? [] : [...before.health.keys()].filter((id) => !health.has(id)),
  };
}

/** @param before the snapshot that it was packed against */
export function unpackSnapshot({ gone, filters, ...wire }: WireSnapshot, before: Snapshot): Snapshot {
  const changed = Object.entries(wire.health);
  let { health } = before;
  if (changed.length + gone.length > 0) {
    const all = new Map(health);
    for (const [id, one] of changed) all.set(id, one);
    for (const id of gone) all.delete(id);
    health = all;
  }
  return {
    ...wire,
    services: unpackList(wire.services, before.services),
    routes: unpackList(unpackRoutes(wire.routes, filters), before.routes),
    health,
    problems: [],
    sources: [],
  };
}

/** Makes a `packSnapshot` that packs once for all workers that have the same snapshot. */
export function makePacker(): typeof packSnapshot {
  let last: { snapshot: Snapshot; before: Snapshot; wire: WireSnapshot } | undefined;
  return (snapshot, before) => {
    if (last?.snapshot !== snapshot || last.before !== before)
      last = { snapshot, before, wire: packSnapshot(snapshot, before) };
    return last.wire;
  };
}

export function packList<T>(list: readonly T[], before: readonly T[]): WireList<T> {
  const { gone, fresh } = changedIndexes(before, list);
  return { gone, fresh: fresh.map((index) => [index, list[index] as T]) };
}

function packRoutes({ gone, fresh }: WireList<Route>): Pick<WireSnapshot, 'routes' | 'filters'> {
  const indexes = new Map<readonly Filter[], number>();
  const packed = fresh.map(([index, { filters, ...route }]): [number, WireRoute] => {
    if (filters === undefined) return [index, route];
    if (!indexes.has(filters)) indexes.set(filters, indexes.size);
    return [index, { ...route, filters: indexes.get(filters) as number }];
  });
  return { routes: { gone, fresh: packed }, filters: [...indexes.keys()] };
}

function unpackRoutes(
  { gone, fresh }: WireList<WireRoute>,
  known: readonly (readonly Filter[])[],
): WireList<Route> {
  const unpacked = fresh.map(([index, { filters, ...route }]): [number, Route] => {
    const all = filters === undefined ? undefined : known[filters];
    return [index, all === undefined ? route : { ...route, filters: all }];
  });
  return { gone, fresh: unpacked };
}

export function unpackList<T>({ gone, fresh }: WireList<T>, before: readonly T[]): readonly T[] {
  if (gone.length + fresh.length === 0) return before;
  const left = new Set(gone);
  const kept = before.filter((_, index) => !left.has(index));
  const list: T[] = [];
  let taken = 0;
  for (const [index, item] of fresh) {
    while (list.length < index) list.push(kept[taken++] as T);
    list.push(item);
  }
  return list.concat(kept.slice(taken));
}

/**
 * Makes a function that turns limits meant for all workers together into the share of one, rounded up. The same service
 * always gives the same object, so that unchanged services are still found by reference.
 */
export function makeSharer(workers: number): (services: readonly Service[]) => readonly Service[] {
  const shared = new WeakMap<Service, Service>();
  return (services) =>
    services.map((service) => {
      const share = shared.get(service) ?? shareOf(service, workers);
      shared.set(service, share);
      return share;
    });
}

function shareOf({ queue, backends, ...service }: Service, workers: number): Service {
  const share = (limit: number) => Math.ceil(limit / workers);
  return {
    ...service,
    queue: { ...queue, size: share(queue.size) },
    backends: backends.map(({ maxConnections, ...backend }) =>
      maxConnections === undefined ? backend : { ...backend, maxConnections: share(maxConnections) },
    ),
  };
}

/** Counts by index without those that are 0, as nearly all are. */
type Sparse = Readonly<Record<string, number>>;

/** Stats on their way to the supervisor. */
export interface WireStats extends Omit<TrafficStats, 'services' | 'unrouted'> {
  readonly services: Readonly<Record<string, Omit<ServiceStats, 'codes'> & { readonly codes: Sparse }>>;
  readonly unrouted: Sparse;
}

export function packStats(stats: TrafficStats): WireStats {
  const services = Object.entries(stats.services).map(([name, service]) => [
    name,
    { ...service, codes: sparse(service.codes) },
  ]);
  return { ...stats, services: Object.fromEntries(services), unrouted: sparse(stats.unrouted) };
}

export function unpackStats(wire: WireStats): TrafficStats {
  const services = Object.entries(wire.services).map(([name, service]) => [
    name,
    { ...service, codes: dense(service.codes) },
  ]);
  return { ...wire, services: Object.fromEntries(services), unrouted: dense(wire.unrouted) };
}

// A plain loop, since a worker does this for each of its services between requests.
function sparse(counts: readonly number[]): Sparse {
  const found: Record<string, number> = {};
  for (let i = 0; i < counts.length; i++) if ((counts[i] as number) > 0) found[i] = counts[i] as number;
  return found;
}

function dense(counts: Sparse): number[] {
  const list: number[] = new Array(600).fill(0);
  for (const [index, count] of Object.entries(counts)) list[Number(index)] = count;
  return list;
}
