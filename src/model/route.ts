import type { Filter } from './filter.ts';

/** Says which requests go to which service. */
export interface Route {
  /** The host in lower case: a name, `*.name` for every name below it, or `*` for any. */
  readonly host: string;
  /** The path prefix, which matches whole segments; `/` is every path. */
  readonly path: string;
  /** The route with the highest priority wins, and of several the most specific one. */
  readonly priority: number;
  readonly service: string;
  /** Whether `path` is removed before a request is forwarded. */
  readonly stripPrefix: boolean;
  /**
   * Set while nothing serves there, because all containers that claim the route are stopped or gone. A `new` ghost keeps its
   * place before wider routes, but no priority; an `old` one is used only when no other route fits.
   */
  readonly ghost?: 'new' | 'old';
  /** The filters of its requests and responses, in the order in which they are applied; absent without any. */
  readonly filters?: readonly Filter[];
}

/** The name of a route for people, which also identifies it: `host` or `host/path`. */
export function routeName(route: { readonly host: string; readonly path: string }): string {
  return route.path === '/' ? route.host : route.host + route.path;
}
