import type { Clock } from '../model/clock.ts';
import type { Route } from '../model/route.ts';
import { placeOf, routeKey } from './claim-groups.ts';
import type { Part } from './merge.ts';

/**
 * How long a route that lost its last backend keeps its place before wider routes, in milliseconds. While a container is
 * replaced, requests for `/api` must not be answered by whoever serves `/`.
 */
export const KEEPS_PLACE_MS = 30_000;

/** Finds the routes that are ghosts: nothing serves at them any more, and only a claim is left. */
export class Ghosts {
  readonly #clock: Clock;
  /** When each new ghost becomes old, in `elapsed` time, by `routeKey`; the first to become old comes first. */
  readonly #until = new Map<string, { readonly at: number; readonly route: Route }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The routes of a part, with the ghosts among them marked.
   * @param before the same routes as they were before, by `routeKey`
   */
  mark({ routes, lifeless }: Part, before: ReadonlyMap<string, Route>): Route[] {
    const isGhost = (route: Route) => lifeless.has(route.service);
    if (!routes.some(isGhost)) {
      if (this.#until.size > 0) for (const route of routes) this.#until.delete(routeKey(route));
      return [...routes];
    }
    const served = new Set(routes.filter((route) => !isGhost(route)).map(placeOf));
    return routes.map((route) => {
      const key = routeKey(route);
      const mayKeep = isGhost(route) && !served.has(placeOf(route));
      const at = mayKeep ? this.#keepsUntil(key, before.get(key)) : 0;
      if (at > this.#clock.elapsed()) {
        const marked: Route = { ...route, ghost: 'new' };
        this.#until.set(key, { at, route: marked });
        return marked;
      }
      this.#until.delete(key);
      return isGhost(route) ? { ...route, ghost: 'old' } : route;
    });
  }

  /** When the next ghost becomes old, in `elapsed` time. */
  get dueAt(): number | undefined {
    const [next] = this.#until.values();
    return next?.at;
  }

  /** The new ghosts whose time is up. They are forgotten here; the caller must mark their routes again. */
  takeDue(): Route[] {
    const due: Route[] = [];
    for (const [key, { at, route }] of this.#until) {
      if (at > this.#clock.elapsed()) break;
      this.#until.delete(key);
      due.push(route);
    }
    return due;
  }

  /** Until when the ghost keeps its place. A route that never served while this process watched has no place to keep. */
  #keepsUntil(key: string, before: Route | undefined): number {
    if (before === undefined || before.ghost === 'old') return 0;
    if (before.ghost === undefined) return this.#clock.elapsed() + KEEPS_PLACE_MS;
    return this.#until.get(key)?.at ?? 0;
  }
}
