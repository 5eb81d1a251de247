import { BACKEND_KEYS } from './backend.ts';
import { BALANCE_KEYS } from './balance.ts';
import { DEFAULTS, type Draft } from './draft.ts';
import { FAILURE_KEYS } from './failure.ts';
import { HEALTH_KEYS } from './health.ts';
import type { KeysOf } from './key.ts';
import { KeyTree } from './key-tree.ts';
import { CONTAINER_KEYS, ROUTE_KEYS } from './route.ts';
import { TIMEOUT_KEYS } from './timeouts.ts';

const TABLE: KeysOf<Draft> = {
  container: CONTAINER_KEYS,
  route: ROUTE_KEYS,
  backend: BACKEND_KEYS,
  settings: { ...BALANCE_KEYS, ...HEALTH_KEYS, ...FAILURE_KEYS, ...TIMEOUT_KEYS },
};

/**
 * The one table of all keys: of it come how labels and files are read, how settings of several containers are merged, what
 * `explain` shows, suggestions, the rules of `allow`, the reference page and the JSON schema.
 */
export const KEYS = new KeyTree(TABLE, DEFAULTS);

/** Those of a service. */
export const SERVICE_KEYS = new KeyTree(TABLE.settings, DEFAULTS.settings);
