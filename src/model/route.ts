import type { Filter } from './filter.ts';

/** What a route says of TLS; where nothing is said `auto`, `redirect` and no HSTS hold. */
export interface RouteTls {
  /**
   * Where the certificate of its host comes from. `auto`: an own file, else for internal names the internal authority;
   * `internal`: that authority, whatever files there are for wider names; `off`: nowhere, it is reached by http only.
   */
  readonly tls?: 'auto' | 'internal' | 'off';
  /**
   * What a request by http gets. `redirect`: once there is a certificate 308 to https; `both`: the same as by https; `only`:
   * 404; `off`: the same as ever, and one by https gets 404. Undefined is `redirect`, but not to a certificate of the internal
   * authority.
   */
  readonly https?: 'redirect' | 'both' | 'only' | 'off';
  /** The value of Strict-Transport-Security (RFC 6797) for answers by https with a certificate that is public. */
  readonly hsts?: string;
}

/** Says which requests go to which service. */
export interface Route extends RouteTls {
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
