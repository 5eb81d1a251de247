import type { Backend } from './backend.ts';
import type { HealthCheck, StatusRange } from './health.ts';

export const BALANCE_NAMES = [
  'round-robin',
  'random',
  'least-connections',
  'p2c',
  'peak-ewma',
  'hash',
] as const;
export type BalanceName = (typeof BALANCE_NAMES)[number];

/** What the requests have in common that the balancer `hash` sends to the same backend. */
export type HashKey =
  | { readonly by: 'client' | 'path' }
  | { readonly by: 'header' | 'cookie'; readonly name: string };

/** RFC 9110, section 9.2.1: they ask and change nothing, so that two at one time do no harm either. */
export const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/** RFC 9110, section 9.2.2: doing it twice has the effect of doing it once, if nothing else is done in between. */
export const IDEMPOTENT_METHODS: readonly string[] = [...SAFE_METHODS, 'PUT', 'DELETE'];

/** What is tried again besides a failed connect. */
export interface RetryReasons {
  /** A connection that broke off. */
  readonly reset: boolean;
  /** A response that did not come in time. */
  readonly timeout: boolean;
  readonly status: readonly StatusRange[];
}

/** What may be tried again on another backend; a failed connect always is. */
export interface RetryPolicy {
  /** Tries after the first one; 0 turns retries off. */
  readonly attempts: number;
  readonly on: RetryReasons;
  /** How long one try may wait for its response head; 0 is as long as the response timeout. */
  readonly timeoutMs: number;
  /**
   * Methods of requests that may be sent again, even if the first attempt may still run; one that is not idempotent needs
   * an Idempotency-Key besides. Absent: the safe ones, and idempotent ones once the first attempt is over.
   */
  readonly methods?: readonly string[];
  /** Share of the requests that may be tried again, in percent; a few at one time always may. */
  readonly budgetPercent: number;
}

/** When failed requests take a backend out, apart from its checks. */
export interface EjectPolicy {
  /** Failed requests in a row that do; a refused connection is enough. 0 turns ejection off. */
  readonly failures: number;
  /** The first ejection; doubles with each that follows soon, up to a minute. */
  readonly durationMs: number;
  /** Share of a service's backends that may be out this way, in percent. */
  readonly maxPercent: number;
}

/** All in milliseconds; 0 is no limit. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the request's last byte to the response's head. */
  readonly responseMs: number;
  /** Between two bytes of a body. */
  readonly idleMs: number;
  /** The same in an event stream: `idleMs` where somebody set that, else no limit. */
  readonly eventsMs: number;
  /** The whole exchange. */
  readonly requestMs: number;
}

/** How a client is kept on its backend. */
export interface StickyPolicy {
  readonly by: 'cookie' | 'none';
  /** Of the cookie; one made of the service's name without it. */
  readonly name?: string;
  readonly sameSite: 'lax' | 'strict' | 'none';
  /** `auto`: where the request came by https. */
  readonly secure: 'auto' | 'always';
}

/** How requests wait for a backend. */
export interface QueuePolicy {
  /** Requests that may wait at one time; more are turned away. */
  readonly size: number;
  /** How long one may wait for a backend to be free. */
  readonly timeoutMs: number;
}

/** Another site. */
export interface UrlFallback {
  readonly kind: 'url';
  readonly url: string;
  /** The operator's file says so, not a label: it may lead to addresses that are not public. */
  readonly mayBePrivate?: true;
}

/** What answers when no backend does. */
export type Fallback =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'status'; readonly status: number }
  | UrlFallback
  | { readonly kind: 'page'; readonly file: string };

/** A page of the operator's in place of responses with these statuses. */
export interface ErrorPage {
  readonly status: StatusRange;
  /** `{status}` in it stands for the status. */
  readonly file: string;
}

/** Since when something is gone, and when it is forgotten, both in milliseconds since the epoch. */
export interface Removal {
  readonly at: number;
  readonly until: number;
}

/** Why a service has no backends. */
export interface Absence {
  /** Names of its containers, of which none serves, the first hundred; or of the last one that was removed. */
  readonly names: readonly string[];
  /** Nothing is left of it. */
  readonly removed?: Removal;
}

/** A named group of interchangeable backends and how to treat them. (HAProxy calls it a backend.) */
export interface Service {
  readonly name: string;
  readonly balance: BalanceName;
  /** Of the balancer `hash`; the client without it. */
  readonly hash?: HashKey;
  readonly health: HealthCheck;
  readonly retry: RetryPolicy;
  readonly eject: EjectPolicy;
  /** Whether requests that wait for a backend which hangs are sent to another one, too. */
  readonly hedge: 'hang' | 'off';
  readonly timeouts: Timeouts;
  /** How long a leaving backend may finish what it has. */
  readonly drainMs: number;
  /** Absent when clients are not kept. */
  readonly sticky?: StickyPolicy;
  /** How long the share of a backend that (re)joins rises to its weight; 0 is not at all. */
  readonly slowStartMs: number;
  readonly queue: QueuePolicy;
  /** How long a request may wait for a backend to appear when none is available; 0 does not wait. */
  readonly holdMs: number;
  /** Each is asked when the one before it has no answer. */
  readonly fallback?: readonly Fallback[];
  /** The first that fits a status is taken. */
  readonly errorPages?: readonly ErrorPage[];
  readonly backends: readonly Backend[];
  /** Why there are none, where it is known. */
  readonly absence?: Absence;
}

/** What is said of a service as a whole: an input that sets a part of it sets all of it. */
export type Value = string | number | boolean | readonly unknown[] | HashKey | RetryReasons;

/** A value, or parts of which each may be set by itself. */
type Part<T> = T extends Value
  ? T
  : { readonly [K in keyof T as Exclude<K, 'eventsMs'>]?: Part<NonNullable<T[K]>> };

/**
 * Everything of a service that an input can set; what is absent keeps its default. That is every field of a service but
 * those that come of elsewhere, so that a new one needs a key (`model/keys/`).
 */
export type ServiceSettings = {
  readonly [K in keyof Omit<Service, 'name' | 'backends' | 'absence'>]?: Part<NonNullable<Service[K]>>;
};

/** What holds where nothing is set. */
export const DEFAULT_SETTINGS = {
  balance: 'round-robin',
  health: {
    type: 'tcp',
    path: '/',
    method: 'GET',
    status: [[200, 399]],
    intervalMs: 5_000,
    timeoutMs: 2_000,
    rise: 2,
    fall: 3,
    start: 'down',
  },
  retry: {
    attempts: 2,
    on: { reset: true, timeout: true, status: [] },
    timeoutMs: 0,
    budgetPercent: 20,
  },
  eject: { failures: 3, durationMs: 5_000, maxPercent: 50 },
  hedge: 'hang',
  timeouts: { connectMs: 2_000, responseMs: 60_000, idleMs: 60_000, requestMs: 0 },
  drainMs: 10_000,
  sticky: { by: 'none', sameSite: 'lax', secure: 'auto' },
  slowStartMs: 0,
  queue: { size: 1_000, timeoutMs: 5_000 },
  holdMs: 0,
} as const satisfies ServiceSettings;

/**
 * A whole service of what was set and the defaults. A health path makes the check an HTTP one, a hash key the balancer
 * `hash`.
 */
export function makeService(name: string, settings: ServiceSettings, backends: readonly Backend[]): Service {
  const { sticky: _, ...defaults } = DEFAULT_SETTINGS;
  const { sticky, ...given } = settings;
  const type = given.health?.type ?? (given.health?.path === undefined ? 'tcp' : 'http');
  return {
    name,
    ...defaults,
    ...given,
    balance: given.balance ?? (given.hash === undefined ? defaults.balance : 'hash'),
    health: { ...defaults.health, ...given.health, type },
    retry: { ...defaults.retry, ...given.retry },
    eject: { ...defaults.eject, ...given.eject },
    timeouts: { ...defaults.timeouts, eventsMs: given.timeouts?.idleMs ?? 0, ...given.timeouts },
    queue: { ...defaults.queue, ...given.queue },
    ...stickyOf(sticky),
    backends,
  };
}

/** What is said of the cookie means that there is one. */
function stickyOf(sticky: ServiceSettings['sticky']): { sticky?: StickyPolicy } {
  if (sticky === undefined || sticky.by === 'none') return {};
  return { sticky: { ...DEFAULT_SETTINGS.sticky, ...sticky, by: 'cookie' } };
}

/** Names of the containers that serve in it, or why it has nobody who does: problems tell of them by these. */
export function containersOf({ backends, absence }: Pick<Service, 'backends' | 'absence'>): string[] {
  return [...backends.map(({ origin }) => origin.name), ...(absence?.names ?? [])];
}
