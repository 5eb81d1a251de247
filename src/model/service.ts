import type { Backend } from './backend.ts';
import type { FilterSettings } from './filter.ts';
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

/** What requests have in common that the balancer `hash` sends to the same backend. */
export type HashKey =
  | { readonly by: 'client' | 'path' }
  | { readonly by: 'header' | 'cookie'; readonly name: string };

/** Methods that change nothing, so that two requests at a time do no harm (RFC 9110, section 9.2.1). */
export const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS', 'TRACE'];

/** Methods that have the same effect twice as once, if nothing else happens in between (RFC 9110, section 9.2.2). */
export const IDEMPOTENT_METHODS: readonly string[] = [...SAFE_METHODS, 'PUT', 'DELETE'];

/** Which failures are retried besides a failed connect. */
export interface RetryReasons {
  /** Whether a connection is that broke off. */
  readonly reset: boolean;
  /** Whether a response is that did not come in time. */
  readonly timeout: boolean;
  readonly status: readonly StatusRange[];
}

/** Which requests may be tried again on another backend; after a failed connect all are. */
export interface RetryPolicy {
  /** The most tries after the first one; 0 turns retries off. */
  readonly attempts: number;
  readonly on: RetryReasons;
  /** How long an attempt may wait for the head of its response, in milliseconds; 0 is the response timeout. */
  readonly timeoutMs: number;
  /**
   * Methods of requests that may be sent again even while the first attempt may still run; methods that are not idempotent
   * also need an Idempotency-Key. By default safe methods, and idempotent ones once the first attempt is over.
   */
  readonly methods?: readonly string[];
  /** How many of 100 requests may be tried again; a few at a time always may. */
  readonly budgetPercent: number;
}

/** When failed requests eject a backend, whatever its checks say. */
export interface EjectPolicy {
  /** How many failed requests in a row eject; a refused connection is enough. 0 turns ejection off. */
  readonly failures: number;
  /** How long the first ejection lasts, in milliseconds; each that follows soon lasts twice as long, up to a minute. */
  readonly durationMs: number;
  /** How many of a service's backends may be ejected at a time, in percent. */
  readonly maxPercent: number;
}

/** The timeouts of an exchange in milliseconds; 0 is no limit. */
export interface Timeouts {
  readonly connectMs: number;
  /** From the last byte of the request to the head of the response. */
  readonly responseMs: number;
  /** Between two bytes of a body. */
  readonly idleMs: number;
  /** Between two bytes of an event stream: `idleMs` if that is set, else no limit. */
  readonly eventsMs: number;
  /** The whole exchange. */
  readonly requestMs: number;
}

/** How clients are kept on their backends. */
export interface StickyPolicy {
  readonly by: 'cookie' | 'none';
  /** The name of the cookie; by default one made of the service's name. */
  readonly name?: string;
  readonly sameSite: 'lax' | 'strict' | 'none';
  /** Whether the cookie is Secure; `auto` is when the request came by https. */
  readonly secure: 'auto' | 'always';
}

/** How requests wait for a backend. */
export interface QueuePolicy {
  /** How many requests may wait at a time; more are refused. */
  readonly size: number;
  /** How long a request may wait for a backend to be free, in milliseconds. */
  readonly timeoutMs: number;
}

/** A fallback by another site. */
export interface UrlFallback {
  readonly kind: 'url';
  readonly url: string;
  /** Whether it stands in the operator's file and not in a label, so that it may lead to addresses that are not public. */
  readonly mayBePrivate?: true;
}

/** What answers when no backend does. */
export type Fallback =
  | { readonly kind: 'service'; readonly service: string }
  | { readonly kind: 'status'; readonly status: number }
  | UrlFallback
  | { readonly kind: 'page'; readonly file: string };

/** A page of the operator that replaces responses with these statuses. */
export interface ErrorPage {
  readonly status: StatusRange;
  /** The file of the page; `{status}` in it stands for the status. */
  readonly file: string;
}

/** When something was removed, and when it is forgotten, both in milliseconds since the epoch. */
export interface Removal {
  readonly at: number;
  readonly until: number;
}

/** Why a service has no backends. */
export interface Absence {
  /** The names of its containers, at most a hundred, of which none serves; or of the last one, which was removed. */
  readonly names: readonly string[];
  /** Set when all its containers were removed. */
  readonly removed?: Removal;
}

/** A named group of interchangeable backends and how to treat them. (HAProxy calls it a backend.) */
export interface Service {
  readonly name: string;
  readonly balance: BalanceName;
  /** The key of the balancer `hash`; by default the client. */
  readonly hash?: HashKey;
  readonly health: HealthCheck;
  readonly retry: RetryPolicy;
  readonly eject: EjectPolicy;
  /** Whether requests that wait for a backend that hangs are sent to another one, too. */
  readonly hedge: 'hang' | 'off';
  readonly timeouts: Timeouts;
  /** How long a backend that leaves may finish its requests, in milliseconds. */
  readonly drainMs: number;
  /** Absent when clients are not kept on their backends. */
  readonly sticky?: StickyPolicy;
  /** How long the share of a backend that joins takes to rise to its weight, in milliseconds; 0 turns that off. */
  readonly slowStartMs: number;
  readonly queue: QueuePolicy;
  /** How long a request may wait for a backend to appear when none is available, in milliseconds; 0 does not wait. */
  readonly holdMs: number;
  /** What responds when no backend does; each is asked when the one before it cannot. */
  readonly fallback?: readonly Fallback[];
  /** Pages that replace responses; the first one that fits the status is taken. */
  readonly errorPages?: readonly ErrorPage[];
  readonly backends: readonly Backend[];
  /** Why there are no backends, where that is known. */
  readonly absence?: Absence;
}

/** The settings that are merged as a whole: an input that sets a part of one sets all of it. */
export type Value = string | number | boolean | readonly unknown[] | HashKey | RetryReasons;

/** A value, or an object each part of which may be set by itself. */
type Part<T> = T extends Value
  ? T
  : { readonly [K in keyof T as Exclude<K, 'eventsMs'>]?: Part<NonNullable<T[K]>> };

/**
 * Everything of a service that an input can set; what is absent keeps its default. That is every field of `Service` except
 * the ones listed here, which come from elsewhere, so that a new field needs a key (`model/keys/`), and what the filters of
 * its routes are made of.
 */
export type ServiceSettings = FilterSettings & {
  readonly [K in keyof Omit<Service, 'name' | 'backends' | 'absence'>]?: Part<NonNullable<Service[K]>>;
};

/** The value of each setting that nothing sets. */
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
 * Makes a service of settings and defaults. A health path implies an HTTP check, a hash key implies the balancer `hash`.
 */
export function makeService(name: string, settings: ServiceSettings, backends: readonly Backend[]): Service {
  const { sticky: _, ...defaults } = DEFAULT_SETTINGS;
  const { sticky, redirect: _redirect, headers: _headers, ...given } = settings;
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

/** Any setting of the cookie turns sticky clients on. */
function stickyOf(sticky: ServiceSettings['sticky']): { sticky?: StickyPolicy } {
  if (sticky === undefined || sticky.by === 'none') return {};
  return { sticky: { ...DEFAULT_SETTINGS.sticky, ...sticky, by: 'cookie' } };
}

/** Names of the containers that serve in it, or why it has nobody who does: problems tell of them by these. */
export function containersOf({ backends, absence }: Pick<Service, 'backends' | 'absence'>): string[] {
  return [...backends.map(({ origin }) => origin.name), ...(absence?.names ?? [])];
}
