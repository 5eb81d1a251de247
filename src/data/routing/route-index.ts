import type { Changes } from '../../model/changes.ts';
import type { Route } from '../../model/route.ts';
import { hostMatches, hostOf, hostRank, pathMatches } from './host.ts';
import { normalizePath } from './path.ts';

/** A route with what it leads to. */
export interface RouteEntry<S> {
  readonly route: Route;
  readonly service: S;
  /** The prefix as requests are compared with it. */
  readonly path: string;
}

/**
 * Names of a raw Host header that are remembered, so that a flood of invented ones stays bounded; more where there are
 * more hosts, or those that all ask for would push each other out.
 */
const MIN_REMEMBERED = 4_096;
const REMEMBERED_PER_HOST = 2;
/** A longer authority cannot be a name of the DNS with its port; it is not remembered. */
const MAX_AUTHORITY = 262;

/** The routes of one host pattern. */
class HostRoutes<S> {
  readonly entries: readonly RouteEntry<S>[];
  readonly #byPath = new Map<string, RouteEntry<S>>();
  #longest = 0;
  readonly #only: RouteEntry<S> | undefined;

  constructor(entries: readonly RouteEntry<S>[]) {
    this.entries = entries;
    for (const entry of entries) {
      this.#byPath.set(entry.path, entry);
      this.#longest = Math.max(this.#longest, entry.path.length);
    }
    const [first] = entries;
    this.#only = this.#byPath.size === 1 && first?.path === '/' ? first : undefined;
  }

  /** The entry with the longest prefix of `path` that ends where a segment does. */
  match(path: string): RouteEntry<S> | undefined {
    if (this.#only !== undefined) return this.#only;
    // No look-up is longer than the longest prefix, so a hostile path costs no more than an honest one.
    let end = path.length;
    if (end > this.#longest)
      end = path.charCodeAt(this.#longest) === 0x2f ? this.#longest : path.lastIndexOf('/', this.#longest);
    while (end > 0) {
      const entry = this.#byPath.get(path.slice(0, end));
      if (entry !== undefined) return entry;
      end = path.lastIndexOf('/', end - 1);
    }
    return this.#byPath.get('/');
  }
}

/**
 * Compiled routes that precede each other by priority and by how specific they are. Read only once built, except for
 * what it remembers of Host headers. The next index shares the hosts whose routes are the same.
 */
export class RouteIndex<S> {
  readonly #exact: Map<string, HostRoutes<S>>;
  /** By the part after `*`: `.example.org`. */
  readonly #wildcard: Map<string, HostRoutes<S>>;
  #any: HostRoutes<S>;
  /** Routes with a priority above 0, and below, in the order in which they are asked. */
  readonly #before: readonly RouteEntry<S>[];
  readonly #after: readonly RouteEntry<S>[];
  /** Host headers as they came → the host patterns that fit them, the most specific first. */
  readonly #remembered = new Map<string, readonly HostRoutes<S>[]>();
  readonly #maxRemembered: number;

  /**
   * @param routes all of them, or those that `base` does not have
   * @param gone those of `base` that are not in this one
   */
  constructor(
    routes: readonly Route[],
    serviceOf: (name: string) => S | undefined,
    base?: RouteIndex<S>,
    gone: readonly Route[] = [],
  ) {
    this.#exact = new Map(base === undefined ? [] : base.#exact);
    this.#wildcard = new Map(base === undefined ? [] : base.#wildcard);
    this.#any = base === undefined ? new HostRoutes<S>([]) : base.#any;
    const left = new Set(gone);
    const stays = ({ route }: RouteEntry<S>) => !left.has(route);
    const changed = new Map<string, RouteEntry<S>[]>(gone.map(({ host }) => [host, []]));
    const prioritized = base === undefined ? [] : [...base.#before, ...base.#after].filter(stays);
    for (const route of routes) {
      const service = serviceOf(route.service);
      if (service === undefined) continue;
      const entry = { route, service, path: normalizePath(route.path) ?? route.path };
      if (priorityOf(route) !== 0) prioritized.push(entry);
      else if (changed.get(route.host)?.push(entry) === undefined) changed.set(route.host, [entry]);
    }
    for (const [host, fresh] of changed) {
      const old = this.#at(host)?.entries.filter(stays) ?? [];
      this.#put(host, [...old, ...fresh].sort(byPath));
    }
    const hosts = this.#exact.size + this.#wildcard.size;
    this.#maxRemembered = Math.max(MIN_REMEMBERED, hosts * REMEMBERED_PER_HOST);
    prioritized.sort(compareEntries);
    this.#before = prioritized.filter(({ route }) => priorityOf(route) > 0);
    this.#after = prioritized.filter(({ route }) => priorityOf(route) < 0);
  }

  get isEmpty(): boolean {
    const others = this.#exact.size + this.#wildcard.size + this.#before.length + this.#after.length;
    return others + this.#any.entries.length === 0;
  }

  /** The index with other routes in the place of some; this one stays what it is. */
  with({ gone, fresh }: Changes<Route>, serviceOf: (name: string) => S | undefined): RouteIndex<S> {
    return gone.length + fresh.length === 0 ? this : new RouteIndex(fresh, serviceOf, this, gone);
  }

  /**
   * The route of a request.
   * @param authority the Host header as it came
   * @param path normalised
   */
  match(authority: string, path: string): RouteEntry<S> | undefined {
    if (this.#before.length > 0) {
      const first = findEntry(this.#before, hostOf(authority), path);
      if (first !== undefined) return first;
    }
    const candidates = this.#remembered.get(authority) ?? this.#remember(authority);
    for (let i = 0; i < candidates.length; i++) {
      const entry = (candidates[i] as HostRoutes<S>).match(path);
      if (entry !== undefined) return entry;
    }
    return this.#after.length > 0 ? findEntry(this.#after, hostOf(authority), path) : undefined;
  }

  #at(host: string): HostRoutes<S> | undefined {
    if (host === '*') return this.#any;
    return host.startsWith('*.') ? this.#wildcard.get(host.slice(1)) : this.#exact.get(host);
  }

  #put(host: string, entries: readonly RouteEntry<S>[]): void {
    if (host === '*') {
      this.#any = new HostRoutes(entries);
      return;
    }
    const map = host.startsWith('*.') ? this.#wildcard : this.#exact;
    const key = host.startsWith('*.') ? host.slice(1) : host;
    if (entries.length === 0) map.delete(key);
    else map.set(key, new HostRoutes(entries));
  }

  #remember(authority: string): readonly HostRoutes<S>[] {
    const host = hostOf(authority);
    const found: HostRoutes<S>[] = [];
    const exact = this.#exact.get(host);
    if (exact !== undefined) found.push(exact);
    // From 1: what stands before the dot must be a name.
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const wildcard = this.#wildcard.get(host.slice(dot));
      if (wildcard !== undefined) found.push(wildcard);
    }
    found.push(this.#any);
    if (authority.length > MAX_AUTHORITY) return found;
    if (this.#remembered.size >= this.#maxRemembered) this.#remembered.clear();
    // A copy: the string of a request is a slice that would keep its whole head in memory.
    this.#remembered.set(Buffer.from(authority, 'latin1').toString('latin1'), found);
    return found;
  }
}

function findEntry<S>(
  entries: readonly RouteEntry<S>[],
  host: string,
  path: string,
): RouteEntry<S> | undefined {
  return entries.find((entry) => hostMatches(entry.route.host, host) && pathMatches(entry.path, path));
}

/** What counts of a priority: a ghost has none that beats others, and of old ones all are alike. */
function priorityOf({ priority, ghost }: Route): number {
  if (ghost === undefined) return priority;
  return ghost === 'new' ? Math.min(priority, 0) : 0;
}

/** However they came about, of two paths that mean the same the same one is asked: the last of them. */
function byPath(a: RouteEntry<unknown>, b: RouteEntry<unknown>): number {
  return (
    Number(b.route.ghost !== undefined) - Number(a.route.ghost !== undefined) ||
    Number(a.route.path > b.route.path) - Number(a.route.path < b.route.path) ||
    a.route.priority - b.route.priority
  );
}

function compareEntries(a: RouteEntry<unknown>, b: RouteEntry<unknown>): number {
  return (
    priorityOf(b.route) - priorityOf(a.route) ||
    hostRank(b.route.host) - hostRank(a.route.host) ||
    b.path.length - a.path.length
  );
}
