import type { RouteTls } from '../route.ts';
import { DEFAULT_SETTINGS, type ServiceSettings } from '../service.ts';

/**
 * What the keys of a service on one workload, or in the file, set. The part that a key sets is its scope, which decides how
 * the keys of several containers are merged: see `SCOPES`.
 */
export interface Draft {
  readonly container: { readonly enable?: boolean };
  readonly route: RouteSettings;
  readonly backend: BackendSettings;
  readonly settings: ServiceSettings;
}

export interface RouteSettings extends RouteTls {
  readonly host?: readonly string[];
  readonly path?: string;
  readonly priority?: number;
  readonly stripPrefix?: boolean;
}

export interface BackendSettings {
  /** The name of the service. */
  readonly service?: string;
  readonly port?: number;
  readonly scheme?: 'http';
  readonly network?: string;
  readonly weight?: number;
  readonly backup?: boolean;
  readonly maxConnections?: number;
}

/** The values of keys that are not set. */
export const DEFAULTS = {
  container: {},
  route: { path: '/', priority: 0, stripPrefix: false },
  backend: { scheme: 'http', weight: 1, backup: false },
  settings: DEFAULT_SETTINGS,
} as const satisfies Draft;

/** The scopes of keys, with what each is called and how keys of several containers are merged. */
export const SCOPES: Readonly<Record<keyof Draft, readonly [name: string, merge: string]>> = {
  container: ['container', 'is about the container as a whole'],
  route: ['route', 'is about where a container is routed: each has its own routes'],
  backend: ['backend', 'holds for the container alone'],
  settings: [
    'service',
    'holds for all that serve together: of containers that differ the newest decides, key by key, and the others have a notice',
  ],
};

export function makeDraft(): Draft {
  return { container: {}, route: {}, backend: {}, settings: {} };
}
