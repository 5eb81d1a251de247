import type { Changes } from '../../model/changes.ts';
import type { Route } from '../../model/route.ts';
import { hostOf } from './host.ts';
import { normalizePath } from './path.ts';

/** A compiled route. */
export interface RouteEntry<S, F = never> {
  readonly route: Route;
  readonly service: S;
  /** Its compiled filters; undefined without any that does something. */
  readonly filters: F | undefined;
  /** The prefix as requests are compared with it. */
  readonly path: string;
  /** The priority that counts: see `priorityOf`. */
  readonly priority: number;
}

/** Compiles what a route does besides; undefined if that is nothing. */
export type FiltersOf<F> = (route: Route) => F | undefined;

/**
 * How many raw Host headers are remembered: bounded, so that a flood of invented names costs no memory, but more where
 * there are more hosts, so that real names do not push each other out.
 */
const MIN_REMEMBERED = 4_096;
const REMEMBERED_PER_HOST = 2;
/** A longer authority is not remembered: it cannot be a DNS name with a port. */
const MAX_AUTHORITY = 262;

/**
 * The routes of one host pattern. Of those with the same path only the one with the highest priority can ever win, so a
 * request costs as many look-ups as its path has segments, and not as many as there are routes.
 */
class HostRoutes<S, F> {
  readonly entries: readonly RouteEntry<S, F>[];
  /** The highest of the priorities. */
  readonly top: number;
  /** Whether all priorities are 0, so that the most specific route wins. */
  readonly isPlain: boolean;
  readonly #byPath = new Map<string, RouteEntry<S, F>>();
  #longest = 0;
  readonly #only: RouteEntry<S, F> | undefined;

  /** @param entries in ascending precedence: of entries with the same path the last one counts */
  constructor(entries: readonly RouteEntry<S, F>[]) {
    this.entries = entries;
    let top = Number.NEGATIVE_INFINITY;
    let isPlain = true;
    for (const entry of entries) {
      this.#byPath.set(entry.path, entry);
      this.#longest = Math.max(this.#longest, entry.path.length);
      top = Math.max(top, entry.priority);
      if (entry.priority !== 0) isPlain = false;
    }
    this.top = top;
    this.isPlain = isPlain;
    const last = entries.at(-1);
    this.#only = this.#byPath.size === 1 && last?.path === '/' ? last : undefined;
  }

  /** The entry that matches whole segments of `path`: the one of the highest priority, and of these the longest. */
  match(path: string): RouteEntry<S, F> | undefined {
    if (this.#only !== undefined) return this.#only;
    // Nothing beyond the longest prefix is looked up, so that a hostile path costs no more than an honest one.
    let end = path.length;
    if (end > this.#longest)
      end = path.charCodeAt(this.#longest) === 0x2f ? this.#longest : path.lastIndexOf('/', this.#longest);
    let best: RouteEntry<S, F> | undefined;
    while (end > 0) {
      const entry = this.#byPath.get(path.slice(0, end));
      if (entry !== undefined) {
        if (entry.priority === this.top) return entry;
        if (best === undefined || entry.priority > best.priority) best = entry;
      }
      end = path.lastIndexOf('/', end - 1);
    }
    const root = this.#byPath.get('/');
    return best === undefined || (root !== undefined && root.priority > best.priority) ? root : best;
  }
}

/**
 * Finds routes by priority, then by how specific they are. An index never changes once built, except for the Host headers
 * that it remembers. The next index shares the hosts whose routes are the same.
 */
export class RouteIndex<S, F = never> {
  readonly #exact: Map<string, HostRoutes<S, F>>;
  /** The routes of wildcard hosts by the part after `*`, such as `.example.org`. */
  readonly #wildcard: Map<string, HostRoutes<S, F>>;
  #any: HostRoutes<S, F>;
  /** The number of host patterns with priorities; most often 0. */
  #prioritized: number;
  /** The host patterns that fit a raw Host header, the most specific first. */
  readonly #remembered = new Map<string, readonly HostRoutes<S, F>[]>();
  readonly #maxRemembered: number;

  /**
   * @param routes all routes, or with a `base` only those that it does not have
   * @param gone the routes of `base` that this index must not have
   */
  constructor(
    routes: readonly Route[],
    serviceOf: (name: string) => S | undefined,
    filtersOf: FiltersOf<F>,
    base?: RouteIndex<S, F>,
    gone: readonly Route[] = [],
  ) {
    this.#exact = new Map(base === undefined ? [] : base.#exact);
    this.#wildcard = new Map(base === undefined ? [] : base.#wildcard);
    this.#any = base === undefined ? new HostRoutes<S, F>([]) : base.#any;
    this.#prioritized = base === undefined ? 0 : base.#prioritized;
    const left = new Set(gone);
    const stays = ({ route }: RouteEntry<S, F>) => !left.has(route);
    const changed = new Map<string, RouteEntry<S, F>[]>(gone.map(({ host }) => [host, []]));
    for (const route of routes) {
      const service = serviceOf(route.service);
      if (service === undefined) continue;
      const path = normalizePath(route.path) ?? route.path;
      const filters = filtersOf(route);
      const entry = { route, service, filters, path, priority: priorityOf(route) };
      if (changed.get(route.host)?.push(entry) === undefined) changed.set(route.host, [entry]);
    }
    for (const [host, fresh] of changed) {
      const old = this.#at(host)?.entries.filter(stays) ?? [];
      this.#put(host, [...old, ...fresh].sort(compareEntries));
    }
    const hosts = this.#exact.size + this.#wildcard.size;
    this.#maxRemembered = Math.max(MIN_REMEMBERED, hosts * REMEMBERED_PER_HOST);
  }

  get isEmpty(): boolean {
    return this.#exact.size + this.#wildcard.size + this.#any.entries.length === 0;
  }

  /** Makes an index with these changes; this one stays as it is. */
  with(
    { gone, fresh }: Changes<Route>,
    serviceOf: (name: string) => S | undefined,
    filtersOf: FiltersOf<F>,
  ): RouteIndex<S, F> {
    return gone.length + fresh.length === 0 ? this : new RouteIndex(fresh, serviceOf, filtersOf, this, gone);
  }

  /**
   * Finds the route of a request.
   * @param authority the Host header as it came
   * @param path the normalised path
   */
  match(authority: string, path: string): RouteEntry<S, F> | undefined {
    const candidates = this.#remembered.get(authority) ?? this.#remember(authority);
    if (this.#prioritized > 0) return highest(candidates, path);
    for (let i = 0; i < candidates.length; i++) {
      const entry = (candidates[i] as HostRoutes<S, F>).match(path);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #at(host: string): HostRoutes<S, F> | undefined {
    if (host === '*') return this.#any;
    return host.startsWith('*.') ? this.#wildcard.get(host.slice(1)) : this.#exact.get(host);
  }

  #put(host: string, entries: readonly RouteEntry<S, F>[]): void {
    const routes = new HostRoutes(entries);
    this.#prioritized += Number(!routes.isPlain) - Number(this.#at(host)?.isPlain === false);
    if (host === '*') {
      this.#any = routes;
      return;
    }
    const map = host.startsWith('*.') ? this.#wildcard : this.#exact;
    const key = host.startsWith('*.') ? host.slice(1) : host;
    if (entries.length === 0) map.delete(key);
    else map.set(key, routes);
  }

  #remember(authority: string): readonly HostRoutes<S, F>[] {
    const host = hostOf(authority);
    const found: HostRoutes<S, F>[] = [];
    const exact = this.#exact.get(host);
    if (exact !== undefined) found.push(exact);
    // From 1, since there must be a name before the dot.
    for (let dot = host.indexOf('.', 1); dot !== -1; dot = host.indexOf('.', dot + 1)) {
      const wildcard = this.#wildcard.get(host.slice(dot));
      if (wildcard !== undefined) found.push(wildcard);
    }
    found.push(this.#any);
    if (authority.length > MAX_AUTHORITY) return found;
    if (this.#remembered.size >= this.#maxRemembered) this.#remembered.clear();
    // Copied, since the string is a slice that would keep the whole head of the request in memory.
    this.#remembered.set(Buffer.from(authority, 'latin1').toString('latin1'), found);
    return found;
  }
}

/** The entry of the highest priority among host patterns, of which the most specific comes first. */
function highest<S, F>(candidates: readonly HostRoutes<S, F>[], path: string): RouteEntry<S, F> | undefined {
  let best: RouteEntry<S, F> | undefined;
  for (const routes of candidates) {
    if (best !== undefined && routes.top <= best.priority) continue;
    const entry = routes.match(path);
    if (entry !== undefined && (best === undefined || entry.priority > best.priority)) best = entry;
  }
  return best;
}

/** The priority that counts: that of a new ghost is never above 0, and that of an old one is 0. */
function priorityOf({ priority, ghost }: Route): number {
  if (ghost === undefined) return priority;
  return ghost === 'new' ? Math.min(priority, 0) : 0;
}

/**
 * Orders entries by ascending precedence. Of the same priority a route that serves beats a ghost; the path and the original
 * priority make the order of the others the same however the routes came about.
 */
function compareEntries(a: RouteEntry<unknown, unknown>, b: RouteEntry<unknown, unknown>): number {
  return (
    a.priority - b.priority ||
    Number(b.route.ghost !== undefined) - Number(a.route.ghost !== undefined) ||
    Number(a.route.path > b.route.path) - Number(a.route.path < b.route.path) ||
    a.route.priority - b.route.priority
  );
}
