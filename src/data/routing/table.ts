import type { Changes } from '../../model/changes.ts';
import type { Route } from '../../model/route.ts';
import { type FiltersOf, type RouteEntry, RouteIndex } from './route-index.ts';

/** The compiled routes of a snapshot, in two indexes: living routes, and behind all of them the old ghosts. */
export class RouteTable<S, F = never> {
  readonly #living: RouteIndex<S, F>;
  /** The old ghosts, which get only requests that no living route fits; most often there are none. */
  readonly #ghosts: RouteIndex<S, F> | undefined;

  /**
   * @param routes all routes, or with a `base` only those that it does not have
   * @param gone the routes of `base` that this table must not have
   */
  constructor(
    routes: readonly Route[],
    serviceOf: (name: string) => S | undefined,
    filtersOf: FiltersOf<F> = () => undefined,
    base?: RouteTable<S, F>,
    gone: readonly Route[] = [],
  ) {
    const living = { gone: gone.filter(isLiving), fresh: routes.filter(isLiving) };
    const ghosts = { gone: gone.filter(isOldGhost), fresh: routes.filter(isOldGhost) };
    const none = new RouteIndex<S, F>([], serviceOf, filtersOf);
    this.#living = (base === undefined ? none : base.#living).with(living, serviceOf, filtersOf);
    const behind = (base === undefined ? none : (base.#ghosts ?? none)).with(ghosts, serviceOf, filtersOf);
    this.#ghosts = behind.isEmpty ? undefined : behind;
  }

  /** Makes a table with these changes; this one stays as it is. */
  with(
    { gone, fresh }: Changes<Route>,
    serviceOf: (name: string) => S | undefined,
    filtersOf: FiltersOf<F> = () => undefined,
  ): RouteTable<S, F> {
    return gone.length + fresh.length === 0 ? this : new RouteTable(fresh, serviceOf, filtersOf, this, gone);
  }

  /**
   * Finds the route of a request.
   * @param authority the Host header as it came
   * @param path the normalised path
   */
  match(authority: string, path: string): RouteEntry<S, F> | undefined {
    return this.#living.match(authority, path) ?? this.#ghosts?.match(authority, path);
  }
}

function isOldGhost({ ghost }: Route): boolean {
  return ghost === 'old';
}

function isLiving(route: Route): boolean {
  return !isOldGhost(route);
}
