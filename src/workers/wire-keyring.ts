import type { KeyPair, Keyring } from '../model/keyring.ts';
import { packList, unpackList, type WireList } from './wire.ts';

/** A keyring on its way to a worker, and to nobody else: the difference to the one before it. */
export interface WireKeyring extends Pick<Keyring, 'version' | 'ticketSecret'> {
  /** With `fallback` behind the others, if it is none of them. */
  readonly pairs: WireList<KeyPair>;
  /** How many of these are the pairs themselves. */
  readonly count: number;
  /** The index of `fallback`; -1 without one. */
  readonly fallback: number;
}

/** @param before what the worker has */
export function packKeyring(keyring: Keyring, before: Keyring): WireKeyring {
  const { version, ticketSecret, fallback, pairs } = keyring;
  const all = allOf(keyring);
  return {
    version,
    ticketSecret,
    pairs: packList(all, allOf(before)),
    count: pairs.length,
    fallback: fallback === undefined ? -1 : all.indexOf(fallback),
  };
}

/** @param before the keyring that it was packed against */
export function unpackKeyring({ pairs, count, fallback, ...wire }: WireKeyring, before: Keyring): Keyring {
  const all = unpackList(pairs, allOf(before));
  return { ...wire, pairs: all.slice(0, count), fallback: all[fallback] };
}

function allOf({ pairs, fallback }: Keyring): readonly KeyPair[] {
  return fallback === undefined || pairs.includes(fallback) ? pairs : [...pairs, fallback];
}
