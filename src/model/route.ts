import type { Filter } from './filter.ts';

/** An entry of the route table: which requests go to which service. */
export interface Route {
  /** Lower case: a name, `*.name` for every name below it, or `*` for any. */
  readonly host: string;
  /** Path prefix on segment boundaries; `/` is every path. */
  readonly path: string;
  /** The higher wins; routes of the same priority go by how specific they are. */
  readonly priority: number;
  readonly service: string;
  /** Remove `path` before forwarding. */
  readonly stripPrefix: boolean;
  /**
   * Nothing serves there: all containers that claim it are stopped or gone. A `new` one keeps its place before wider
   * routes, though no priority; an `old` one is asked when no route fits the request that is not one.
   */
  readonly ghost?: 'new' | 'old';
  /** What is done with its requests and their responses, in this order; absent without any. */
  readonly filters?: readonly Filter[];
}

/** How a route is written for people, and its identity: `host` or `host/path`. */
export function routeName(route: { readonly host: string; readonly path: string }): string {
  return route.path === '/' ? route.host : route.host + route.path;
}
