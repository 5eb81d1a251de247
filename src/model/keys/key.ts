import type { Value } from '../service.ts';

/** What all labels of ours begin with. */
export const PREFIX = 'fairlead.';

/** What stands for the name in the key of a family. */
export const NAME = 'NAME';

/** One key of the labels and of the file's services: all that is known of it. */
export interface Key<T> {
  /** Without its `fairlead.`. */
  readonly key: string;
  /**
   * How its value is written, for people and for the JSON schema: `|` stands between alternatives, `, ` between the items
   * of a list, `–` between the ends of a range; what is in capitals stands for something.
   */
  readonly value: string;
  /** Throws a `ValueError`. */
  readonly parse: (text: string) => T;
  /** The value as people write it. */
  readonly show: (value: T) => string;
  /** What holds without it, where that is no value of `DEFAULTS` or needs words. */
  readonly default?: string;
  readonly doc: string;
}

/** Keys with a name at their end, such as `headers.request.NAME`. Each name has a value of its own. */
export interface Family<T> extends Key<T> {
  /** The name in its only spelling. Throws a `ValueError`. */
  readonly parseName: (text: string) => string;
}

/**
 * The keys of everything that T holds, in its shape: a value has a key where it stands, a record by names a family. One
 * that is left out, and one of nothing, does not compile.
 */
export type KeysOf<T> = { readonly [K in keyof T]-?: KeyOf<NonNullable<T[K]>> };

type KeyOf<V> = [V] extends [Value]
  ? Key<V>
  : string extends keyof V
    ? Family<NonNullable<V[keyof V]>>
    : KeysOf<V>;
