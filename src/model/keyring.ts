/**
 * A certificate with its private key. Whoever has one passes it on to those who speak TLS and to nobody else: it stands in no
 * snapshot, answer of the API, line of a log or message of an error.
 */
export interface KeyPair {
  /** What it is good for: DNS names in lower case, `*.example.org` for every label before it, and addresses. */
  readonly names: readonly string[];
  /** PEM: the certificate itself, and behind it those that lead to its root. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly source: KeySource;
  /** Who signed it, for people. */
  readonly issuer: string;
  /** In milliseconds since the epoch. */
  readonly notBefore: number;
  /** In milliseconds since the epoch. */
  readonly notAfter: number;
  /** Browsers trust it, as far as one can tell: it is not from the internal authority, and does not vouch for itself. */
  readonly isPublic: boolean;
}

/** Where a pair comes from: somebody's files, the internal authority, or one that was asked by ACME (RFC 8555). */
export type KeySource = 'file' | 'internal' | 'acme';

/**
 * The versioned, immutable whole of what TLS needs. It goes the way of the snapshot, and is no part of it. A pair that did not
 * change is the very same value as in the keyring before.
 */
export interface Keyring {
  readonly version: number;
  readonly pairs: readonly KeyPair[];
  /** For clients that name nobody, and for names without a pair. */
  readonly fallback: KeyPair | undefined;
  /**
   * In hex, 32 bytes: what the keys of session tickets are derived from. It is the same for all that share a folder of data, and
   * another one each twelve hours.
   */
  readonly ticketSecret: string;
}

export const EMPTY_KEYRING: Keyring = Object.freeze({
  version: 0,
  pairs: Object.freeze([]),
  fallback: undefined,
  ticketSecret: '',
});

/** Of two pairs for a name the one whose source stands further ahead is shown. */
const PREFERENCE: readonly KeySource[] = ['file', 'acme', 'internal'];

/** Made once of each keyring: a handshake only looks up. */
const INDEXES = new WeakMap<Keyring, ReadonlyMap<string, KeyPair>>();

/**
 * The pair for a name that a client asks for: one for exactly that, else one for `*.` and its parent (RFC 9525, section 6.3);
 * never `fallback`.
 * @param name in lower case, without a dot at its end; or an address
 */
export function pairFor(keyring: Keyring, name: string): KeyPair | undefined {
  const index = indexOf(keyring);
  const exact = index.get(name);
  if (exact !== undefined) return exact;
  const dot = name.indexOf('.');
  return dot < 1 ? undefined : index.get(`*${name.slice(dot)}`);
}

function indexOf(keyring: Keyring): ReadonlyMap<string, KeyPair> {
  const known = INDEXES.get(keyring);
  if (known !== undefined) return known;
  const index = new Map<string, KeyPair>();
  for (const pair of keyring.pairs)
    for (const name of pair.names) {
      const other = index.get(name);
      if (other === undefined || isBetter(pair, other)) index.set(name, pair);
    }
  INDEXES.set(keyring, index);
  return index;
}

function isBetter(one: KeyPair, other: KeyPair): boolean {
  const rank = PREFERENCE.indexOf(one.source) - PREFERENCE.indexOf(other.source);
  return rank === 0 ? one.notAfter > other.notAfter : rank < 0;
}
