import { constants, hkdfSync } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { EMPTY_KEYRING, type KeyPair, type Keyring, pairFor } from '../../../model/keyring.ts';

export type TlsVersion = '1.2' | '1.3';

/** So many are kept, each of which costs 40 KB and 0.4 ms. */
const MOST = 1_000;

/** Of TLS 1.2 only what has forward secrecy and encrypts with authentication (RFC 9325, section 4.2). */
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** The bytes that OpenSSL wants for the keys of tickets. */
const TICKET_KEYS = 48;

/** What connections are encrypted by: made of the pairs of a keyring, each when it is first needed. */
export class SecureContexts {
  readonly #minVersion: TlsVersion;
  #keyring = EMPTY_KEYRING;
  #ticketKeys: Buffer | undefined = undefined;
  /** By pair; that which was asked for last is the last one. Undefined for a pair that OpenSSL does not take. */
  readonly #known = new Map<KeyPair, SecureContext | undefined>();

  constructor(minVersion: TlsVersion) {
    this.#minVersion = minVersion;
  }

  /** Goes by another keyring. What is the same in it stays as it is; nobody who is connected is concerned. */
  adopt(keyring: Keyring): void {
    const isSameSecret = keyring.ticketSecret === this.#keyring.ticketSecret;
    const pairs = new Set(keyring.pairs);
    for (const pair of this.#known.keys())
      if (!isSameSecret || !(pairs.has(pair) || pair === keyring.fallback)) this.#known.delete(pair);
    if (!isSameSecret) this.#ticketKeys = ticketKeysOf(keyring.ticketSecret);
    this.#keyring = keyring;
  }

  /**
   * The pair that a client is shown.
   * @param name that it asks for, or the address that it connected to
   */
  pairFor(name: string): KeyPair | undefined {
    return pairFor(this.#keyring, name) ?? this.#keyring.fallback;
  }

  /** Undefined for a pair that OpenSSL does not take: that is for whoever made the keyring to tell. */
  contextOf(pair: KeyPair): SecureContext | undefined {
    const isKnown = this.#known.has(pair);
    const context = isKnown ? this.#known.get(pair) : this.#make(pair);
    if (isKnown) this.#known.delete(pair);
    else if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value as KeyPair);
    this.#known.set(pair, context);
    return context;
  }

  #make({ certificate, key }: KeyPair): SecureContext | undefined {
    try {
      return createSecureContext({
        cert: certificate,
        key,
        // No client is asked for a certificate; without this each context would have the roots of the runtime.
        ca: [],
        ciphers: CIPHERS,
        minVersion: `TLSv${this.#minVersion}`,
        maxVersion: 'TLSv1.3',
        // RFC 7457: an attacker who can begin anew, or measure what is compressed, learns what is encrypted.
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
        ...(this.#ticketKeys !== undefined && { ticketKeys: this.#ticketKeys }),
      });
    } catch {
      return undefined;
    }
  }
}

function ticketKeysOf(secret: string): Buffer | undefined {
  if (secret === '') return undefined;
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', 'session tickets', TICKET_KEYS));
}
