import type { Service } from '../model/service.ts';
import type { Snapshot, Topology } from '../model/snapshot.ts';
import type { ServiceStats, TrafficStats } from '../model/stats.ts';

/** A snapshot on its way to a worker, without what only people read. */
export interface WireSnapshot extends Pick<Snapshot, 'version' | 'topologyVersion' | 'createdAt' | 'health'> {
  /** Absent when it is that of the snapshot before: a flip of health sends no routes. */
  readonly topology?: Topology;
}

/** @param before what was sent last, if anything was */
export function packSnapshot(snapshot: Snapshot, before: Snapshot | undefined): WireSnapshot {
  const { version, topologyVersion, createdAt, health, services, routes } = snapshot;
  const wire = { version, topologyVersion, createdAt, health };
  return topologyVersion === before?.topologyVersion ? wire : { ...wire, topology: { services, routes } };
}

export function unpackSnapshot({ topology, ...wire }: WireSnapshot, before: Snapshot): Snapshot {
  const { services, routes } = topology ?? before;
  return { ...wire, services, routes, problems: [], sources: [] };
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

function sparse(counts: readonly number[]): Sparse {
  return Object.fromEntries([...counts.entries()].filter(([, count]) => count > 0));
}

function dense(counts: Sparse): number[] {
  const list: number[] = new Array(600).fill(0);
  for (const [index, count] of Object.entries(counts)) list[Number(index)] = count;
  return list;
}
