import { formatAddress } from './address.ts';
import { changesOf } from './changes.ts';
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

/**
 * The versioned, immutable whole that the control plane hands to the data plane. What did not change is the very same
 * value as in the snapshot before, and stands in the same order: see `changesOf`.
 */
export interface Snapshot extends Topology {
  readonly version: number;
  /** The version that last changed services or routes: when it is the same, only health moved. */
  readonly topologyVersion: number;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  /** By `Backend.id`; every backend of every service is in it. */
  readonly health: ReadonlyMap<string, BackendHealth>;
  readonly problems: readonly Problem[];
  readonly sources: readonly SourceStatus[];
}

export const EMPTY_SNAPSHOT: Snapshot = {
  version: 0,
  topologyVersion: 0,
  createdAt: 0,
  services: [],
  routes: [],
  health: new Map(),
  problems: [],
  sources: [],
};

/** What a person would say changed between two snapshots, a line each. */
export function diffSnapshots(before: Snapshot, after: Snapshot): string[] {
  const lines: string[] = [];
  const services = changesOf(before.services, after.services);
  const routes = changesOf(before.routes, after.routes);
  compare(lines, 'route', routesByName(routes.gone), routesByName(routes.fresh));
  compare(lines, 'service', policiesByName(services.gone), policiesByName(services.fresh));
  compare(lines, 'backend', backendsByName(services.gone), backendsByName(services.fresh));
  for (const [id, health] of changedHealth(before, after)) {
    const was = before.health.get(id);
    if (was !== undefined && was.flags.join() !== health.flags.join()) {
      const state = health.flags.length === 0 ? 'available' : health.flags.join('+');
      lines.push(`health ${id}: ${state} (${health.reason})`);
    }
  }
  return lines;
}

/** The health of backends that is not the very same value as before. */
export function changedHealth(before: Snapshot, after: Snapshot): [id: string, health: BackendHealth][] {
  if (before.health === after.health) return [];
  const changed: [string, BackendHealth][] = [];
  for (const [id, health] of after.health) if (before.health.get(id) !== health) changed.push([id, health]);
  return changed;
}

const GHOSTS = {
  new: ', where nothing serves any more',
  old: ', where nothing serves: it gives way to every route that fits',
};

function routesByName(routes: readonly Route[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const route of routes) {
    const priority = route.priority === 0 ? '' : ` (priority ${route.priority})`;
    named.set(
      routeName(route) + priority,
      `→ ${route.service}${route.stripPrefix ? ', prefix stripped' : ''}${route.ghost === undefined ? '' : GHOSTS[route.ghost]}`,
    );
  }
  return named;
}

function policiesByName(services: readonly Service[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const { name, backends: _, ...policy } of services) named.set(name, JSON.stringify(policy));
  return named;
}

function backendsByName(services: readonly Service[]): Map<string, string> {
  const named = new Map<string, string>();
  for (const service of services) {
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
