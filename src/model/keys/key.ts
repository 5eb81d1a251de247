import type { Value } from '../service.ts';

/** The beginning of all labels of Fairlead. */
export const PREFIX = 'fairlead.';

/** Stands for the name in the key of a family. */
export const NAME = 'NAME';

/** All that is known of a key of labels and of the file's services. */
export interface Key<T> {
  /** The key without `fairlead.`. */
  readonly key: string;
  /**
   * How its value is written, for people and for the JSON schema: `|` is between alternatives, `, ` between the items of a
   * list, `–` between the ends of a range; words in capitals stand for something.
   */
  readonly value: string;
  /** Parses the value. Throws a `ValueError`. */
  readonly parse: (text: string) => T;
  /** Writes the value as people do. */
  readonly show: (value: T) => string;
  /** The default in words, if it is not in `DEFAULTS` or needs words. */
  readonly default?: string;
  readonly doc: string;
}

/** Keys that end in a name, such as `headers.request.NAME`; each name has its own value. */
export interface Family<T> extends Key<T> {
  /** Parses the name to its normal spelling. Throws a `ValueError`. */
  readonly parseName: (text: string) => string;
}

/**
 * The keys of everything that T holds, in the shape of T: each value has a key, each record by names a family. It does not
 * compile if a key is missing, or belongs to nothing.
 */
export type KeysOf<T> = { readonly [K in keyof T]-?: KeyOf<NonNullable<T[K]>> };

type KeyOf<V> = [V] extends [Value]
  ? Key<V>
  : string extends keyof V
    ? Family<NonNullable<V[keyof V]>>
    : KeysOf<V>;
