/** The properties by which rules choose containers. */
export const WHO = ['project', 'image', 'network', 'label', 'container'] as const;
export type Who = (typeof WHO)[number];

/** The things that a rule allows containers to claim. */
export const WHAT = ['host', 'path', 'service', 'key'] as const;

/** A rule about which containers may claim what by labels. A plain value, so that it can be sent to another process. */
export interface AllowRule {
  /** The rule as the operator wrote it. */
  readonly text: string;
  /** The part of `text` that chooses containers. */
  readonly whoText: string;
  /** The rule is about containers that fit all of these; an empty list fits every container. */
  readonly who: readonly { readonly kind: Who; readonly pattern: string }[];
  /** Whether the rule names neither hosts nor services, and so allows all of them. */
  readonly isOpen: boolean;
  /** The host patterns that may be claimed, including whatever is below or within them. */
  readonly hosts: readonly string[];
  /** The path prefixes that may be claimed; an empty list allows all. */
  readonly paths: readonly string[];
  /** Patterns of names of services that may be joined. */
  readonly services: readonly string[];
  /** Patterns of keys that may be used; an empty list allows all. */
  readonly keys: readonly string[];
  /** Patterns of keys that may not be used. */
  readonly without: readonly string[];
}

/** The keys that `key:` does not govern, since other words of a rule do. */
export const ROUTE_KEYS: readonly string[] = ['enable', 'host', 'path', 'service'];
