import { parseRoutePath } from '../parse-values.ts';
import type { RouteTls } from '../route.ts';
import type { Draft } from './draft.ts';
import type { KeysOf } from './key.ts';
import { integer, SWITCH, text } from './kinds.ts';
import * as values from './values.ts';

export const CONTAINER_KEYS: KeysOf<Draft['container']> = {
  enable: {
    key: 'enable',
    ...SWITCH,
    default: 'true if any other key is there',
    doc: 'Whether the container is looked at',
  },
};

/** The keys for which requests a service gets. */
export const ROUTE_KEYS: KeysOf<Omit<Draft['route'], keyof RouteTls>> = {
  host: {
    key: 'host',
    value: 'HOSTS',
    parse: values.parseHosts,
    show: (hosts) => hosts.join(', '),
    default: '',
    doc: 'Host names to route here, with commas; `*.example.org` is every name below it, `*` any',
  },
  path: {
    key: 'path',
    ...text('PREFIX', parseRoutePath),
    doc: 'Path prefix to route here, on segment boundaries',
  },
  priority: {
    key: 'priority',
    ...integer(-1_000_000, 1_000_000),
    doc: 'The route with the higher one wins; of the same, the more specific',
  },
  stripPrefix: {
    key: 'strip-prefix',
    ...SWITCH,
    doc: 'Remove `path` before forwarding, and send it as X-Forwarded-Prefix',
  },
};
