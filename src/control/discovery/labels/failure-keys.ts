import {
  parseChoice,
  parseDuration,
  parseInteger,
  parsePercent,
  parsePositiveDuration,
} from '../../../model/parse.ts';
import { toEject, toRetry, toSettings } from './draft.ts';
import { key, type LabelKey, TIME } from './key.ts';
import * as values from './values.ts';

/** The keys that say what becomes of requests that fail, and of the backends on which they do. */
export const FAILURE_KEYS: readonly LabelKey[] = [
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
    'What is tried again besides failed connects, which always are; once bytes were sent, only as `retry.methods` says',
    toRetry((text) => ({ on: values.parseRetryOn(text) })),
  ),
  key(
    'retry.timeout',
    TIME,
    'timeout.response',
    'How long one try may wait for its response. After `timeout.response` in all, nothing is tried any more',
    toRetry((text) => ({ timeoutMs: parseDuration(text) })),
  ),
  key(
    'retry.methods',
    'safe, idempotent, METHODS',
    'safe',
    'Methods of the requests that may be tried again once they were sent, even while the first attempt may still run: `safe` is GET, HEAD, OPTIONS and TRACE. Without this label PUT and DELETE are tried again, too, when the backend is through with them: it has answered a status of `retry.on` (but 502 and 504). `idempotent` is all six at any time: a PUT that is late may then undo a newer one. POST and PATCH are when they are named here and the request has an Idempotency-Key',
    toRetry((text) => ({ methods: values.parseRetryMethods(text) })),
  ),
  key(
    'retry.budget',
    'PERCENT',
    '20%',
    "Share of a service's latest requests that may be tried again once they were sent; three at one time always may",
    toRetry((text) => ({ budgetPercent: parsePercent(text) })),
  ),
  key(
    'hedge',
    'hang|off',
    'hang',
    '`hang`: a request that may be repeated (`retry.methods`) and whose backend hangs is sent to another one, too, within the retry budget; whichever answers first serves. One that may be the reason is tried on one other at a time, and not on the last one',
    toSettings('hedge', parseChoice('hang', 'off')),
  ),
  key(
    'eject.failures',
    '0–1000',
    '3',
    'Failed requests in a row that take a backend out, apart from its checks: resets, timeouts, statuses of `retry.on`. A refused connection is enough. 0 turns ejection off',
    toEject('failures', parseInteger(0, 1_000)),
  ),
  key(
    'eject.duration',
    TIME,
    '5s',
    'The first ejection; each that follows soon is twice as long, up to 60s. A check that passes ends it',
    toEject('durationMs', parsePositiveDuration),
  ),
  key(
    'eject.max-percent',
    'PERCENT',
    '50',
    "Most of a service's backends that may be ejected; never the last one that is available",
    toEject('maxPercent', parsePercent),
  ),
];
