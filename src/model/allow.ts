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
