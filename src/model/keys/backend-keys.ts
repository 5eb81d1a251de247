import { parseWeight } from '../parse-values.ts';
import type { Draft } from './draft.ts';
import type { KeysOf } from './key.ts';
import { integer, PORT, SWITCH, text } from './kinds.ts';
import * as values from './values.ts';

/** The keys for where a container serves, and its share of the requests. */
export const BACKEND_KEYS: KeysOf<Draft['backend']> = {
  service: {
    key: 'service',
    ...text('NAME', values.parseServiceName),
    default: 'the route is the group',
    doc: 'The group that this container serves in',
  },
  port: { key: 'port', ...PORT, default: 'the one exposed; of several the lowest', doc: 'Port that serves' },
  scheme: {
    key: 'scheme',
    value: 'http',
    parse: values.parseScheme,
    show: String,
    doc: 'What the backend speaks',
  },
  network: {
    key: 'network',
    ...text('NAME', values.parseNetwork),
    default: 'one that Fairlead shares',
    doc: 'Docker network on which the container is addressed',
  },
  weight: {
    key: 'weight',
    value: '0–256',
    parse: parseWeight,
    show: String,
    doc: 'Share of the traffic; 0 takes no new requests',
  },
  backup: { key: 'backup', ...SWITCH, doc: 'Serves only when no other backend is available' },
  maxConnections: {
    key: 'max-connections',
    ...integer(1, 1_000_000),
    default: 'none',
    doc: 'Most requests that a backend gets at one time; more wait in the queue of the service',
  },
};
