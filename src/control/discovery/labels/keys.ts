import {
  parseBoolean,
  parseChoice,
  parseDuration,
  parseInteger,
  parsePort,
  parsePositiveDuration,
  parseRoutePath,
  parseStatusRanges,
} from '../../../model/parse.ts';
import { BALANCE_NAMES } from '../../../model/service.ts';
import { type Setter, to, toHealth, toQueue, toRetry, toSettings, toTimeouts } from './draft.ts';
import * as values from './values.ts';

/** One key of the labels and of the file's services. */
export interface LabelKey {
  /** Without its `fairlead.`. */
  readonly key: string;
  readonly value: string;
  readonly default: string;
  readonly doc: string;
  /** Absent while this version does not know how. */
  readonly set?: Setter;
}

function key(name: string, value: string, defaultText: string, doc: string, set?: Setter): LabelKey {
  return { key: name, value, default: defaultText, doc, ...(set && { set }) };
}

export const parseMaxConnections = parseInteger(1, 1_000_000);

const SWITCH = 'true|false';
const TIME = 'DURATION';

/** The one table of all keys: parsing, suggestions and the reference page come of it. */
export const LABEL_KEYS: readonly LabelKey[] = [
  key(
    'enable',
    SWITCH,
    'true if any other key is there',
    'Whether the container is looked at',
    to('enable', parseBoolean),
  ),
  key(
    'host',
    'HOSTS',
    '',
    'Host names to route here, with commas; `*.example.org` is every name below it, `*` any',
    to('host', values.parseHosts),
  ),
  key('path', 'PREFIX', '/', 'Path prefix to route here, on segment boundaries', to('path', parseRoutePath)),
  key(
    'priority',
    'NUMBER',
    '0',
    'The route with the higher one wins; of the same, the more specific',
    to('priority', parseInteger(-1_000_000, 1_000_000)),
  ),
  key(
    'strip-prefix',
    SWITCH,
    'false',
    'Remove `path` before forwarding, and send it as X-Forwarded-Prefix',
    to('stripPrefix', parseBoolean),
  ),
  key(
    'service',
    'NAME',
    'the route is the group',
    'The group that this container serves in',
    to('service', values.parseServiceName),
  ),
  key('port', 'PORT', 'the one exposed; of several the lowest', 'Port that serves', to('port', parsePort)),
  key('scheme', 'http', 'http', 'What the backend speaks', (_draft, text) => {
    values.parseScheme(text);
  }),
  key(
    'network',
    'NAME',
    'one that Fairlead shares',
    'Docker network on which the container is addressed',
    to('network', values.parseNetwork),
  ),
  key(
    'weight',
    '0–256',
    '1',
    'Share of the traffic; 0 takes no new requests',
    to('weight', parseInteger(0, 256)),
  ),
  key(
    'backup',
    SWITCH,
    'false',
    'Serves only when no other backend is available',
    to('backup', parseBoolean),
  ),
  key(
    'max-connections',
    'NUMBER',
    'none',
    'Most requests that a backend gets at one time, for each worker; more wait in the queue of the service',
    to('maxConnections', parseMaxConnections),
  ),
  key(
    'queue.size',
    'NUMBER',
    '1000',
    'Most requests that wait at one time, be it for `max-connections` or by `hold`; more get 503',
    toQueue('size', parseInteger(0, 1_000_000)),
  ),
  key(
    'queue.timeout',
    TIME,
    '5s',
    'How long a request may wait for a backend below its `max-connections`; 503 after it',
    toQueue('timeoutMs', parseDuration),
  ),
  key(
    'balance',
    `${BALANCE_NAMES.join('|')}|weighted`,
    'round-robin',
    'How a backend is chosen, in proportion to the weights: in turns; by chance; the fewest requests, of all or of two random ones; the soonest answer, of two; by a hash. `weighted` is a second name of round-robin',
    toSettings('balance', values.parseBalance),
  ),
  key(
    'hash',
    'client|path|header:NAME|cookie:NAME',
    'client',
    'What requests have in common that the balancer `hash` sends to the same backend; names that balancer, too',
    toSettings('hash', values.parseHash),
  ),
  key('sticky', 'cookie', 'none', 'Keep a client on its backend'),
  key(
    'health.path',
    'PATH',
    '/',
    'What an HTTP check asks for; makes the check an HTTP one',
    toHealth('path', values.parseProbePath),
  ),
  key(
    'health.type',
    'http|tcp|none',
    'http with a health.path, else tcp',
    'How backends are probed; `tcp` is whether they accept a connection',
    toHealth('type', parseChoice('http', 'tcp', 'none')),
  ),
  key(
    'health.interval',
    TIME,
    '5s',
    'Between two probes; each second while in doubt',
    toHealth('intervalMs', values.parseProbeInterval),
  ),
  key(
    'health.timeout',
    TIME,
    '2s',
    'How long a probe may take',
    toHealth('timeoutMs', parsePositiveDuration),
  ),
  key(
    'health.rise',
    '1–100',
    '2',
    'Passes in a row that bring a failed backend back',
    toHealth('rise', parseInteger(1, 100)),
  ),
  key(
    'health.fall',
    '1–100',
    '3',
    'Failures in a row that take a backend out',
    toHealth('fall', parseInteger(1, 100)),
  ),
  key(
    'health.status',
    'STATUSES',
    '200-399',
    'Statuses that pass: `200`, `200-299`, `2xx`, lists of them',
    toHealth('status', parseStatusRanges),
  ),
  key(
    'health.method',
    'METHOD',
    'GET',
    'Method of an HTTP check',
    toHealth('method', values.parseProbeMethod),
  ),
  key(
    'health.host',
    'HOST',
    "the backend's address",
    'Host header of an HTTP check',
    toHealth('host', values.parseProbeHost),
  ),
  key('health.port', 'PORT', 'the one that serves', 'Port of the checks', toHealth('port', parsePort)),
  key(
    'health.start',
    'down|up',
    'down',
    '`down`: no traffic before the first pass',
    toHealth('start', parseChoice('down', 'up')),
  ),
  key(
    'retry.attempts',
    '0–10',
    '2',
    'Tries on other backends after the first',
    toRetry((text) => ({ attempts: parseInteger(0, 10)(text) })),
  ),
  key(
    'retry.on',
    'connect, reset, timeout, STATUSES',
    'connect, reset, timeout',
    'What is tried again besides failed connects, which always are; once bytes were sent, only with methods that may be repeated',
    toRetry(values.parseRetryOn),
  ),
  key(
    'retry.timeout',
    TIME,
    'timeout.response',
    'How long one try may wait for its response',
    toRetry((text) => ({ timeoutMs: parseDuration(text) })),
  ),
  key('retry.budget', 'PERCENT', '20%', 'Share of the traffic that may be retries'),
  key('eject.failures', 'NUMBER', '3', 'Failed requests in a row that eject a backend'),
  key('eject.duration', TIME, '5s', 'First ejection; doubles up to 60s'),
  key('eject.max-percent', 'PERCENT', '50', 'Most of the backends that may be ejected'),
  key(
    'fallback',
    'service:NAME|status:CODE|url:URL|page:FILE',
    '503',
    'What answers when no backend is available',
    toSettings('fallback', values.parseFallback),
  ),
  key(
    'hold',
    TIME,
    'off',
    'How long a request may wait for a backend to appear when none is available, such as a container that is made anew; what `fallback` says comes after it',
    toSettings('holdMs', parseDuration),
  ),
  key(
    'timeout.connect',
    TIME,
    '2s',
    'To connect to a backend',
    toTimeouts('connectMs', parsePositiveDuration),
  ),
  key(
    'timeout.response',
    TIME,
    '60s',
    'From the end of a request to the head of its response; 0 is no limit',
    toTimeouts('responseMs', parseDuration),
  ),
  key(
    'timeout.idle',
    TIME,
    '60s',
    'Between two parts of a body; 0 is no limit. Upgraded connections have none',
    toTimeouts('idleMs', parseDuration),
  ),
  key(
    'timeout.request',
    TIME,
    'none',
    'For the whole exchange, retries included; 0 is no limit',
    toTimeouts('requestMs', parseDuration),
  ),
  key(
    'slow-start',
    TIME,
    'off',
    'How long the share of a backend that joins, or recovers, rises from a tenth to the whole of its weight',
    toSettings('slowStartMs', parseDuration),
  ),
  key(
    'drain',
    TIME,
    '10s',
    'How long a leaving backend may finish what it has',
    toSettings('drainMs', parseDuration),
  ),
];
