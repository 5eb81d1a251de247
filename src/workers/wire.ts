import { isDeepStrictEqual } from 'node:util';
import type { BackendHealth } from '../model/health.ts';
import type { Route } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { ServiceStats, TrafficStats } from '../model/stats.ts';

/**
 * A snapshot on its way to a worker: what is new since the one before it, and nothing that only people read.
 * Both ends hold whole snapshots; a worker's thread carries traffic, and must not read thousands of routes for
 * one container.
 */
export interface WireSnapshot extends Pick<Snapshot, 'version' | 'topologyVersion' | 'createdAt'> {
  readonly services: WireList<Service>;
  readonly routes: WireList<Route>;
  /** By `Backend.id`, what is not as before. */
  readonly health: Readonly<Record<string, BackendHealth>>;
  readonly gone: readonly string[];
}

/** A list by the one before it: its first so many, new ones, and its last so many. */
export interface WireList<T> {
  readonly first: number;
  readonly items: readonly T[];
  readonly last: number;
}

/** @param before what the worker has */
export function packSnapshot(snapshot: Snapshot, before: Snapshot): WireSnapshot {
  const { version, topologyVersion, createdAt } = snapshot;
  const isSame = topologyVersion === before.topologyVersion;
  const changed = Object.entries(snapshot.health).filter(
    ([id, health]) => !isDeepStrictEqual(health, before.health[id]),
  );
  return {
    version,
    topologyVersion,
    createdAt,
    services: packList(snapshot.services, before.services, isSame),
    routes: packList(snapshot.routes, before.routes, isSame),
    health: Object.fromEntries(changed),
    gone: isSame ? [] : Object.keys(before.health).filter((id) => snapshot.health[id] === undefined),
  };
}

/** @param before the snapshot that it was packed against */
export function unpackSnapshot({ gone, ...wire }: WireSnapshot, before: Snapshot): Snapshot {
  const health = { ...before.health, ...wire.health };
  for (const id of gone) delete health[id];
  return {
    ...wire,
    services: unpackList(wire.services, before.services),
    routes: unpackList(wire.routes, before.routes),
    health,
    problems: [],
    sources: [],
  };
}

/** The same for all workers that have the same: packed once. */
export function makePacker(): typeof packSnapshot {
  let last: { snapshot: Snapshot; before: Snapshot; wire: WireSnapshot } | undefined;
  return (snapshot, before) => {
    if (last?.snapshot !== snapshot || last.before !== before)
      last = { snapshot, before, wire: packSnapshot(snapshot, before) };
    return last.wire;
  };
}

function packList<T>(list: readonly T[], before: readonly T[], isSame: boolean): WireList<T> {
  if (isSame) return { first: before.length, items: [], last: 0 };
  const shorter = Math.min(list.length, before.length);
  let first = 0;
  while (first < shorter && isDeepStrictEqual(list[first], before[first])) first++;
  let last = 0;
  while (last < shorter - first && isDeepStrictEqual(list.at(-1 - last), before.at(-1 - last))) last++;
  return { first, items: list.slice(first, list.length - last), last };
}

function unpackList<T>({ first, items, last }: WireList<T>, before: readonly T[]): readonly T[] {
  if (first === before.length && items.length === 0) return before;
  return [...before.slice(0, first), ...items, ...before.slice(before.length - last)];
}

/** What one of so many workers may make of limits that are meant for all together: its share, rounded up. */
export function shareOf(services: readonly Service[], workers: number): readonly Service[] {
  const share = (limit: number) => Math.ceil(limit / workers);
  return services.map(({ queue, backends, ...service }) => ({
    ...service,
    queue: { ...queue, size: share(queue.size) },
    backends: backends.map(({ maxConnections, ...backend }) =>
      maxConnections === undefined ? backend : { ...backend, maxConnections: share(maxConnections) },
    ),
  }));
}

/** Counts by index; nearly all of them are 0, and those are left out. */
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

// A worker does this for each of its services, between requests.
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
