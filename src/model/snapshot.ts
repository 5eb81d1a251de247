import { formatAddress } from './address.ts';
import type { SourceStatus } from './contribution.ts';
import type { BackendHealth } from './health.ts';
import type { Problem } from './problem.ts';
import { type Route, routeName } from './route.ts';
import type { Service } from './service.ts';

/** Which requests go where: everything but health. */
export interface Topology {
  readonly services: readonly Service[];
  readonly routes: readonly Route[];
}

/** The versioned, immutable whole that the control plane hands to the data plane. */
export interface Snapshot extends Topology {
  readonly version: number;
  /** The version that last changed services or routes: when it is the same, only health moved. */
  readonly topologyVersion: number;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  /** By `Backend.id`; every backend of every service is in it. */
  readonly health: Readonly<Record<string, BackendHealth>>;
  readonly problems: readonly Problem[];
  readonly sources: readonly SourceStatus[];
}

export const EMPTY_SNAPSHOT: Snapshot = {
  version: 0,
  topologyVersion: 0,
  createdAt: 0,
  services: [],
  routes: [],
  health: {},
  problems: [],
  sources: [],
};

/** What a person would say changed between two snapshots, a line each. */
export function diffSnapshots(before: Snapshot, after: Snapshot): string[] {
  const lines: string[] = [];
  if (before.topologyVersion !== after.topologyVersion) {
    const [was, is] = [without(before, after), without(after, before)];
    compare(lines, 'route', routesByName(was), routesByName(is));
    compare(lines, 'service', policiesByName(was), policiesByName(is));
    compare(lines, 'backend', backendsByName(was), backendsByName(is));
  }
  for (const [id, health] of Object.entries(after.health)) {
    const was = before.health[id];
    if (was !== undefined && was.flags.join() !== health.flags.join()) {
      const state = health.flags.length === 0 ? 'available' : health.flags.join('+');
      lines.push(`health ${id}: ${state} (${health.reason})`);
    }
  }
  return lines;
}

/** What of a topology is not the very same value in another: of thousands of services few change at a time. */
function without(topology: Topology, other: Topology): Topology {
  const [services, routes] = [new Set(other.services), new Set(other.routes)];
  return {
    services: topology.services.filter((service) => !services.has(service)),
    routes: topology.routes.filter((route) => !routes.has(route)),
  };
}

function routesByName(snapshot: Topology): Map<string, string> {
  const named = new Map<string, string>();
  for (const route of snapshot.routes) {
    const priority = route.priority === 0 ? '' : ` (priority ${route.priority})`;
    named.set(
      routeName(route) + priority,
      `→ ${route.service}${route.stripPrefix ? ', prefix stripped' : ''}`,
    );
  }
  return named;
}

function policiesByName(snapshot: Topology): Map<string, string> {
  const named = new Map<string, string>();
  for (const { name, backends: _, ...policy } of snapshot.services) named.set(name, JSON.stringify(policy));
  return named;
}

function backendsByName(snapshot: Topology): Map<string, string> {
  const named = new Map<string, string>();
  for (const service of snapshot.services) {
    for (const { id, address, weight, backup } of service.backends) {
      named.set(id, `${formatAddress(address)} weight ${weight}${backup ? ' backup' : ''}`);
    }
  }
  return named;
}

function compare(
  lines: string[],
  kind: string,
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): void {
  for (const name of before.keys()) if (!after.has(name)) lines.push(`- ${kind} ${name}`);
  for (const [name, text] of after) {
    const was = before.get(name);
    if (was === undefined) lines.push(`+ ${kind} ${name} ${kind === 'service' ? '' : text}`.trimEnd());
    else if (was !== text) lines.push(`~ ${kind} ${name} ${text}`);
  }
}
