import { BACKEND_KEYS } from './backend-keys.ts';
import { BALANCE_KEYS } from './balance-keys.ts';
import { DEFAULTS, type Draft } from './draft.ts';
import { FAILURE_KEYS } from './failure-keys.ts';
import { FILTER_KEYS } from './filter-keys.ts';
import { HEALTH_KEYS } from './health-keys.ts';
import type { KeysOf } from './key.ts';
import { KeyTree } from './key-tree.ts';
import { CONTAINER_KEYS, ROUTE_KEYS } from './route-keys.ts';
import { TIMEOUT_KEYS } from './timeout-keys.ts';
import { TLS_KEYS } from './tls-keys.ts';

const TABLE: KeysOf<Draft> = {
  container: CONTAINER_KEYS,
  route: { ...ROUTE_KEYS, ...TLS_KEYS },
  backend: BACKEND_KEYS,
  settings: { ...BALANCE_KEYS, ...HEALTH_KEYS, ...FAILURE_KEYS, ...TIMEOUT_KEYS, ...FILTER_KEYS },
};

/**
 * The one table of all keys. Reading labels and files, merging the settings of several containers, `explain`, suggestions,
 * `allow` rules, the reference page and the JSON schema all go by it.
 */
export const KEYS = new KeyTree(TABLE, DEFAULTS);

/** The keys that set something of a service. */
export const SERVICE_KEYS = new KeyTree(TABLE.settings, DEFAULTS.settings);
