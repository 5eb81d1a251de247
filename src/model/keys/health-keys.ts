import { parseStatusRanges } from '../parse-values.ts';
import type { ServiceSettings } from '../service.ts';
import type { KeysOf } from './key.ts';
import { choice, integer, PORT, POSITIVE_TIME, TIME, text } from './kinds.ts';
import * as values from './values.ts';

/** The keys for how backends are probed. */
export const HEALTH_KEYS: KeysOf<Pick<ServiceSettings, 'health'>> = {
  health: {
    path: {
      key: 'health.path',
      ...text('PATH', values.parseProbePath),
      doc: 'What an HTTP check asks for; makes the check an HTTP one',
    },
    type: {
      key: 'health.type',
      ...choice('http', 'tcp', 'none'),
      default: 'http with a health.path, else tcp',
      doc: 'How backends are probed; `tcp` is whether they accept a connection',
    },
    intervalMs: {
      key: 'health.interval',
      ...TIME,
      parse: values.parseProbeInterval,
      doc: 'Between two probes; at most a second while its result is not certain, and less after a backend has just come or gone',
    },
    timeoutMs: { key: 'health.timeout', ...POSITIVE_TIME, doc: 'How long a probe may take' },
    rise: { key: 'health.rise', ...integer(1, 100), doc: 'Passes in a row that bring a failed backend back' },
    fall: { key: 'health.fall', ...integer(1, 100), doc: 'Failures in a row that take a backend out' },
    status: {
      key: 'health.status',
      value: 'STATUSES',
      parse: parseStatusRanges,
      show: values.showStatuses,
      doc: 'Statuses that pass: `200`, `200-299`, `2xx`, lists of them',
    },
    method: {
      key: 'health.method',
      ...text('METHOD', values.parseProbeMethod),
      doc: 'Method of an HTTP check',
    },
    host: {
      key: 'health.host',
      ...text('HOST', values.parseProbeHost),
      default: "the backend's address",
      doc: 'Host header of an HTTP check',
    },
    port: { key: 'health.port', ...PORT, default: 'the one that serves', doc: 'Port of the checks' },
    start: {
      key: 'health.start',
      ...choice('down', 'up'),
      doc: '`down`: no traffic before the first pass',
    },
  },
};
