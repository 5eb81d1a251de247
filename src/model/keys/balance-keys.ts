import { BALANCE_NAMES, type ServiceSettings } from '../service.ts';
import type { KeysOf } from './key.ts';
import { choice, integer, TIME, text, timeOr } from './kinds.ts';
import * as values from './values.ts';

type Topic = 'balance' | 'hash' | 'sticky' | 'slowStartMs' | 'queue' | 'holdMs';

/** The keys for how a backend is picked, and what requests do that get none. */
export const BALANCE_KEYS: KeysOf<Pick<ServiceSettings, Topic>> = {
  balance: {
    key: 'balance',
    value: `${BALANCE_NAMES.join('|')}|weighted`,
    parse: values.parseBalance,
    show: String,
    doc: 'How a backend is chosen, in proportion to the weights: in turns; by chance; the fewest requests, of all or of two random ones; the soonest answer, of two; by a hash. `weighted` is a second name of round-robin',
  },
  hash: {
    key: 'hash',
    value: 'client|path|header:NAME|cookie:NAME',
    parse: values.parseHash,
    show: (hash) => ('name' in hash ? `${hash.by}:${hash.name}` : hash.by),
    default: 'client',
    doc: 'What requests have in common that the balancer `hash` sends to the same backend; names that balancer, too',
  },
  sticky: {
    by: {
      key: 'sticky',
      ...choice('cookie', 'none'),
      doc: 'Keep a client on its backend by a cookie, for as long as the backend is available; one of weight 0 keeps its clients',
    },
    name: {
      key: 'sticky.name',
      ...text('NAME', values.parseCookieName),
      default: 'fairlead_ and a hash of the service',
      doc: 'Name of that cookie',
    },
    sameSite: {
      key: 'sticky.same-site',
      ...choice('lax', 'strict', 'none'),
      doc: 'Its SameSite attribute; `none` makes it Secure, without which browsers refuse it',
    },
    secure: {
      key: 'sticky.secure',
      ...choice('auto', 'always'),
      doc: 'Its Secure attribute; `auto` sets it where the request came by https',
    },
  },
  slowStartMs: {
    key: 'slow-start',
    ...timeOr('off'),
    doc: 'How long the share of a backend that joins, or recovers, rises from a tenth to the whole of its weight',
  },
  queue: {
    size: {
      key: 'queue.size',
      ...integer(0, 1_000_000),
      doc: 'Most requests that wait at one time, be it for `max-connections` or by `hold`; more get 503',
    },
    timeoutMs: {
      key: 'queue.timeout',
      ...TIME,
      doc: 'How long a request may wait for a backend below its `max-connections`; 503 after it',
    },
  },
  holdMs: {
    key: 'hold',
    ...timeOr('off'),
    doc: 'How long a request may wait for a backend to appear when none is available, such as a container that is made anew; what `fallback` says comes after it',
  },
};
