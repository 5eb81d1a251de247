import type { ServiceSettings } from '../service.ts';
import type { KeysOf } from './key.ts';
import { choice, integer, PERCENT, POSITIVE_TIME, timeOr } from './kinds.ts';
import * as values from './values.ts';

/** The keys for requests that fail, and for the backends on which they do. */
export const FAILURE_KEYS: KeysOf<
  Pick<ServiceSettings, 'retry' | 'hedge' | 'eject' | 'fallback' | 'errorPages'>
> = {
  retry: {
    attempts: { key: 'retry.attempts', ...integer(0, 10), doc: 'Tries on other backends after the first' },
    on: {
      key: 'retry.on',
      value: 'connect, reset, timeout, STATUSES',
      parse: values.parseRetryOn,
      show: values.showRetryOn,
      doc: 'What is tried again besides failed connects, which always are; once bytes were sent, only as `retry.methods` says',
    },
    timeoutMs: {
      key: 'retry.timeout',
      ...timeOr('timeout.response'),
      doc: 'How long one try may wait for its response. After `timeout.response` in all, nothing is tried any more',
    },
    methods: {
      key: 'retry.methods',
      value: 'safe, idempotent, METHODS',
      parse: values.parseRetryMethods,
      show: (methods) => methods.join(', '),
      default: 'safe',
      doc: 'Methods of the requests that may be tried again once they were sent, even while the first attempt may still run: `safe` is GET, HEAD, OPTIONS and TRACE. Without this label PUT and DELETE are tried again, too, when the backend is through with them: it has answered a status of `retry.on` (but 502 and 504). `idempotent` is all six at any time: a PUT that is late may then undo a newer one. POST and PATCH are when they are named here and the request has an Idempotency-Key',
    },
    budgetPercent: {
      key: 'retry.budget',
      ...PERCENT,
      doc: "Share of a service's latest requests that may be tried again once they were sent; three at one time always may",
    },
  },
  hedge: {
    key: 'hedge',
    ...choice('hang', 'off'),
    doc: '`hang`: a request that may be repeated (`retry.methods`) and whose backend hangs is sent to another one, too, within the retry budget; whichever answers first serves. One that may be the reason is tried on one other at a time, and not on the last one',
  },
  eject: {
    failures: {
      key: 'eject.failures',
      ...integer(0, 1_000),
      doc: 'Failed requests in a row that take a backend out, apart from its checks: resets, timeouts, statuses of `retry.on`. A refused connection is enough. 0 turns ejection off',
    },
    durationMs: {
      key: 'eject.duration',
      ...POSITIVE_TIME,
      doc: 'The first ejection; each that follows soon is twice as long, up to 60s. A check that passes ends it',
    },
    maxPercent: {
      key: 'eject.max-percent',
      ...PERCENT,
      doc: "Most of a service's backends that may be ejected; never the last one that is available",
    },
  },
  fallback: {
    key: 'fallback',
    value: 'service:NAME, url:URL, status:CODE, page:FILE',
    parse: values.parseFallbacks,
    show: values.showFallbacks,
    default: '503',
    doc: 'What answers when no backend is available; of a list each is asked when the one before it has no answer. The URL of a label must be public, unless `--fallback-allow` names its range',
  },
  errorPages: {
    key: 'errors',
    value: 'STATUS:page:FILE, …',
    parse: values.parseErrorPages,
    show: (pages) =>
      pages.map(({ status, file }) => `${values.showStatuses([status])}:page:${file}`).join(', '),
    default: 'none',
    doc: 'Pages in place of responses with these statuses (`404`, `502-504`, `5xx`), be they of a backend or of Fairlead; `{status}` in FILE is the status. A page that is missing changes nothing',
  },
};
