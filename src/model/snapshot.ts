import { formatAddress } from './address.ts';
import type { Backend } from './backend.ts';
import { changesOf } from './changes.ts';
import type { SourceStatus } from './contribution.ts';
import { describeFilter } from './filter.ts';
import type { BackendHealth, HealthFlag } from './health.ts';
import { describeTls } from './keys/tls-keys.ts';
import type { Problem } from './problem.ts';
import { type Route, routeName } from './route.ts';
import type { Service } from './service.ts';
import { shorten } from './text.ts';

/** Which requests go where: everything but health. */
export interface Topology {
  readonly services: readonly Service[];
  readonly routes: readonly Route[];
}

/**
 * The versioned, immutable whole that the control plane hands to the data plane. What did not change is the same object as
 * in the snapshot before, in the same order: see `changesOf`.
 */
export interface Snapshot extends Topology {
  readonly version: number;
  /** The version that last changed services or routes; while it stays the same, only health changes. */
  readonly topologyVersion: number;
  /** When it was made, in milliseconds since the epoch. */
  readonly createdAt: number;
  /** The health of every backend of every service, by `Backend.id`. */
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

/** A change as a line for people, and its subject, which is the same text for all changes of one thing. */
export interface Difference {
  readonly subject: string;
  readonly line: string;
}

/** Describes what changed in services, routes and backends between two snapshots. */
export function diffSnapshots(before: Snapshot, after: Snapshot): Difference[] {
  const lines: Difference[] = [];
  const services = changesOf(before.services, after.services);
  const routes = changesOf(before.routes, after.routes);
  compare(lines, 'route', routesByName(routes.gone), routesByName(routes.fresh));
  compare(lines, 'service', settingsByName(services.gone), settingsByName(services.fresh));
  compare(lines, 'backend', backendsById(services.gone), backendsById(services.fresh));
  return lines;
}

/** A backend whose flags changed. */
export interface HealthChange {
  readonly service: string;
  readonly backend: Backend;
  readonly health: BackendHealth;
  /** Whether it fails its checks or requests and did not before. */
  readonly isFailure: boolean;
}

/** The backends of both snapshots whose flags changed from one to the other. */
export function healthChanges(before: Snapshot, after: Snapshot): HealthChange[] {
  const changed = new Map(
    changedHealth(before, after).filter(([id, { flags }]) => {
      const was = before.health.get(id);
      return was !== undefined && was.flags.join() !== flags.join();
    }),
  );
  if (changed.size === 0) return [];
  return after.services.flatMap(({ name: service, backends }) =>
    backends.flatMap((backend) => {
      const health = changed.get(backend.id);
      if (health === undefined) return [];
      const was = before.health.get(backend.id)?.flags ?? [];
      const isFailure = FAILURES.some((flag) => health.flags.includes(flag) && !was.includes(flag));
      return [{ service, backend, health, isFailure }];
    }),
  );
}

const FAILURES: readonly HealthFlag[] = ['FailedCheck', 'Ejected'];

/** The health of backends that is not the same object as before. */
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

/** What lines tell, by an identity: the name of the thing, and what may change about it. */
type Told = ReadonlyMap<string, readonly [name: string, text: string]>;

function routesByName(routes: readonly Route[]): Told {
  return new Map(
    routes.map((route) => {
      const name = routeName(route) + (route.priority === 0 ? '' : ` (priority ${route.priority})`);
      const ghost = route.ghost === undefined ? '' : GHOSTS[route.ghost];
      const stripped = route.stripPrefix ? ', prefix stripped' : '';
      return [name, [name, `→ ${route.service}${stripped}${tlsText(route)}${ghost}${filtersText(route)}`]];
    }),
  );
}

function tlsText(route: Route): string {
  return describeTls(route)
    .map((text) => `, ${text}`)
    .join('');
}

function filtersText({ filters = [] }: Route): string {
  return filters.length === 0
    ? ''
    : `, ${shorten(filters.flatMap(describeFilter).join('; '), MOST_OF_SETTINGS)}`;
}

/** The most characters of a service's settings in a line: a list of fallbacks may be very long. */
const MOST_OF_SETTINGS = 2_000;

function settingsByName(services: readonly Service[]): Told {
  return new Map(
    services.map(({ name, backends: _, absence: __, ...settings }) => [
      name,
      [name, shorten(JSON.stringify(settings), MOST_OF_SETTINGS)],
    ]),
  );
}

/** The backends by id, since two Engines may each have a container of the same name. */
function backendsById(services: readonly Service[]): Told {
  return new Map(
    services.flatMap((service) =>
      service.backends.map(({ id, name, address, weight, backup }) => [
        id,
        [
          `${name} of ${service.name}`,
          `${formatAddress(address)} weight ${weight}${backup ? ' backup' : ''}`,
        ],
      ]),
    ),
  );
}

function compare(lines: Difference[], kind: string, before: Told, after: Told): void {
  const add = (sign: string, name: string, text = '') => {
    const subject = `${kind} ${name}`;
    lines.push({ subject, line: `${sign} ${subject} ${text}`.trimEnd() });
  };
  for (const [id, [name]] of before) if (!after.has(id)) add('-', name);
  for (const [id, [name, text]] of after) {
    const was = before.get(id)?.[1];
    if (was === undefined) add('+', name, kind === 'service' ? '' : text);
    else if (was !== text) add('~', name, text);
  }
}
