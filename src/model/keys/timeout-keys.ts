import type { ServiceSettings } from '../service.ts';
import type { KeysOf } from './key.ts';
import { POSITIVE_TIME, TIME, timeOr } from './kinds.ts';

/** The keys for how long things may take. */
export const TIMEOUT_KEYS: KeysOf<Pick<ServiceSettings, 'timeouts' | 'drainMs'>> = {
  timeouts: {
    connectMs: { key: 'timeout.connect', ...POSITIVE_TIME, doc: 'To connect to a backend' },
    responseMs: {
      key: 'timeout.response',
      ...TIME,
      doc: 'From the end of a request to the head of its response; 0 is no limit',
    },
    idleMs: {
      key: 'timeout.idle',
      ...TIME,
      doc: 'Between two parts of a body; 0 is no limit. Of an event stream only where it is set, of an upgraded connection only once one side has ended',
    },
    requestMs: {
      key: 'timeout.request',
      ...timeOr('none'),
      doc: 'For the whole exchange, retries included; 0 is no limit',
    },
  },
  drainMs: { key: 'drain', ...TIME, doc: 'How long a leaving backend may finish what it has' },
};
