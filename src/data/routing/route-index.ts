import type { Changes } from '../../model/changes.ts';
import type { Filter } from '../../model/filter.ts';
import type { Route } from '../../model/route.ts';
import { hostOf } from './host.ts';
import { normalizePath } from './path.ts';

/** A route with what it leads to. */
export interface RouteEntry<S, F = never> {
  readonly route: Route;
  readonly service: S;
  /** What its filters were compiled to; undefined where it has none, or none that does anything. */
  readonly filters: F | undefined;
  /** The prefix as requests are compared with it. */
  readonly path: string;
  /** What counts of its priority: see `priorityOf`. */
  readonly priority: number;
}

/** What the filters of a route are compiled to. */
export type FiltersOf<F> = (filters: readonly Filter[]) => F | undefined;

/**
 * Names of a raw Host header that are remembered, so that a flood of invented ones stays bounded; more where there are
 * more hosts, or those that all ask for would push each other out.
 */
const MIN_REMEMBERED = 4_096;
const REMEMBERED_PER_HOST = 2;
/** A longer authority cannot be a name of the DNS with its port; it is not remembered. */
const MAX_AUTHORITY = 262;

/**
 * The routes of one host pattern. Whatever their priorities, of those with the same path only the highest can ever win: so
 * a request costs as many look-ups as its path has segments, and not as many as there are routes.
 */
class HostRoutes<S, F> {
  readonly entries: readonly RouteEntry<S, F>[];
  /** The highest of the priorities. */
  readonly top: number;
  /** All have the priority 0: the most specific wins. */
  readonly isPlain: boolean;
  readonly #byPath = new Map<string, RouteEntry<S, F>>();
  #longest = 0;
  readonly #only: RouteEntry<S, F> | undefined;

  /** @param entries in the order of their precedence: of the same path the last counts */
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

  /** Of the entries whose prefix of `path` ends where a segment does the one of the highest priority, then the longest. */
  match(path: string): RouteEntry<S, F> | undefined {
    if (this.#only !== undefined) return this.#only;
    // No look-up is longer than the longest prefix, so a hostile path costs no more than an honest one.
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
 * Compiled routes that precede each other by priority and by how specific they are. Read only once built, except for
 * what it remembers of Host headers. The next index shares the hosts whose routes are the same.
 */
export class RouteIndex<S, F = never> {
  readonly #exact: Map<string, HostRoutes<S, F>>;
  /** By the part after `*`: `.example.org`. */
  readonly #wildcard: Map<string, HostRoutes<S, F>>;
  #any: HostRoutes<S, F>;
  /** Host patterns that have priorities; most often there are none. */
  #prioritized: number;
  /** Host headers as they came → the host patterns that fit them, the most specific first. */
  readonly #remembered = new Map<string, readonly HostRoutes<S, F>[]>();
  readonly #maxRemembered: number;

  /**
   * @param routes all of them, or those that `base` does not have
   * @param gone those of `base` that are not in this one
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
      const filters = route.filters && filtersOf(route.filters);
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

  /** The index with other routes in the place of some; this one stays what it is. */
  with(
    { gone, fresh }: Changes<Route>,
    serviceOf: (name: string) => S | undefined,
    filtersOf: FiltersOf<F>,
  ): RouteIndex<S, F> {
    return gone.length + fresh.length === 0 ? this : new RouteIndex(fresh, serviceOf, filtersOf, this, gone);
  }

  /**
   * The route of a request.
   * @param authority the Host header as it came
   * @param path normalised
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

/** Of the patterns that fit, the most specific first, the entry of the highest priority. */
function highest<S, F>(candidates: readonly HostRoutes<S, F>[], path: string): RouteEntry<S, F> | undefined {
  let best: RouteEntry<S, F> | undefined;
  for (const routes of candidates) {
    if (best !== undefined && routes.top <= best.priority) continue;
    const entry = routes.match(path);
    if (entry !== undefined && (best === undefined || entry.priority > best.priority)) best = entry;
  }
  return best;
}

/** What counts of a priority: a ghost has none that beats others, and of old ones all are alike. */
function priorityOf({ priority, ghost }: Route): number {
  if (ghost === undefined) return priority;
  return ghost === 'new' ? Math.min(priority, 0) : 0;
}

/**
 * However they came about, of paths that mean the same the same one is asked: the last of them. Of the same priority what
 * serves beats a ghost.
 */
function compareEntries(a: RouteEntry<unknown, unknown>, b: RouteEntry<unknown, unknown>): number {
  return (
    a.priority - b.priority ||
    Number(b.route.ghost !== undefined) - Number(a.route.ghost !== undefined) ||
    Number(a.route.path > b.route.path) - Number(a.route.path < b.route.path) ||
    a.route.priority - b.route.priority
  );
}
