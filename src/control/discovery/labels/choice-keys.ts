import { parseChoice, parseDuration, parseInteger } from '../../../model/parse.ts';
import { BALANCE_NAMES } from '../../../model/service.ts';
import { to, toQueue, toSettings, toSticky } from './draft.ts';
import { key, type LabelKey, TIME } from './key.ts';
import * as values from './values.ts';

/** Most requests of a backend at one time. */
export const parseMaxConnections = parseInteger(1, 1_000_000);

/** How a backend is chosen for a request, and what a request does that gets none. */
export const CHOICE_KEYS: readonly LabelKey[] = [
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
  key(
    'sticky',
    'cookie|none',
    'none',
    'Keep a client on its backend by a cookie, for as long as the backend is available; one of weight 0 keeps its clients',
    toSticky('by', parseChoice('cookie', 'none')),
  ),
  key(
    'sticky.name',
    'NAME',
    'fairlead_ and a hash of the service',
    'Name of that cookie',
    toSticky('name', values.parseCookieName),
  ),
  key(
    'sticky.same-site',
    'lax|strict|none',
    'lax',
    'Its SameSite attribute; `none` makes it Secure, without which browsers refuse it',
    toSticky('sameSite', parseChoice('lax', 'strict', 'none')),
  ),
  key(
    'sticky.secure',
    'auto|always',
    'auto',
    'Its Secure attribute; `auto` sets it where the request came by https',
    toSticky('secure', parseChoice('auto', 'always')),
  ),
  key(
    'slow-start',
    TIME,
    'off',
    'How long the share of a backend that joins, or recovers, rises from a tenth to the whole of its weight',
    toSettings('slowStartMs', parseDuration),
  ),
  key(
    'max-connections',
    'NUMBER',
    'none',
    'Most requests that a backend gets at one time; more wait in the queue of the service',
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
    'hold',
    TIME,
    'off',
    'How long a request may wait for a backend to appear when none is available, such as a container that is made anew; what `fallback` says comes after it',
    toSettings('holdMs', parseDuration),
  ),
];
