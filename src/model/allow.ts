/** What a container is known by in rules. */
export const WHO = ['project', 'image', 'network', 'label', 'container'] as const;
export type Who = (typeof WHO)[number];

/** What a rule lets containers have. */
export const WHAT = ['host', 'path', 'service', 'key'] as const;

/** One rule of who may claim what by labels. All values are plain, so that they can go to another process. */
export interface AllowRule {
  /** As the operator wrote it. */
  readonly text: string;
  /** The part of it that says who. */
  readonly whoText: string;
  /** A container has to fit all of them; without any it is every container. */
  readonly who: readonly { readonly kind: Who; readonly pattern: string }[];
  /** Says nothing of hosts and services: all are allowed. */
  readonly isOpen: boolean;
  /** Host patterns as routes have them; each with all that is below or within it. */
  readonly hosts: readonly string[];
  /** Prefixes; all without any. */
  readonly paths: readonly string[];
  /** Names of services that may be joined; patterns. */
  readonly services: readonly string[];
  /** Keys that may be said; patterns, all without any. */
  readonly keys: readonly string[];
  /** Keys that may not be. */
  readonly without: readonly string[];
}

/** The keys of which `key:` has nothing to say: the other words of a rule do. */
export const ROUTE_KEYS: readonly string[] = ['enable', 'host', 'path', 'service'];

/** All keys that labels may have after `fairlead.`, as `key:` names them. */
export const KEY_NAMES = [
  ...['enable', 'host', 'path', 'priority', 'strip-prefix', 'service', 'port', 'scheme', 'network'],
  ...['weight', 'backup', 'balance', 'hash', 'sticky', 'sticky.name', 'sticky.same-site', 'sticky.secure'],
  ...['slow-start', 'max-connections', 'queue.size', 'queue.timeout', 'hold'],
  ...['health.path', 'health.type', 'health.interval', 'health.timeout', 'health.rise', 'health.fall'],
  ...['health.status', 'health.method', 'health.host', 'health.port', 'health.start'],
  ...['retry.attempts', 'retry.on', 'retry.timeout', 'retry.methods', 'retry.budget', 'hedge'],
  ...['eject.failures', 'eject.duration', 'eject.max-percent', 'fallback', 'errors'],
  ...['timeout.connect', 'timeout.response', 'timeout.idle', 'timeout.request', 'drain'],
] as const satisfies readonly string[];

export type KeyName = (typeof KEY_NAMES)[number];
