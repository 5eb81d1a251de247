import { EMPTY_KEYRING, type KeyPair, type Keyring } from '../../src/model/keyring.ts';
import { makeSelfSigned } from './self-signed.ts';

const DAY = 86_400_000;

/** A pair that nothing can be encrypted with. */
export function namedPair(...names: string[]): KeyPair {
  return {
    names,
    certificate: `certificate of ${names}`,
    key: `key of ${names}`,
    source: 'file',
    issuer: 'test',
    notBefore: 0,
    notAfter: DAY,
    isPublic: false,
  };
}

/** A pair for these names, which vouches for itself. */
export async function makePair(names: readonly string[], more: Partial<KeyPair> = {}): Promise<KeyPair> {
  const { key, cert } = await makeSelfSigned(names);
  return { ...namedPair(...names), certificate: cert.toString(), key: key.toString(), ...more };
}

/** A keyring of these pairs. */
export function keyringOf(pairs: readonly KeyPair[], more: Partial<Keyring> = {}): Keyring {
  return { ...EMPTY_KEYRING, version: 1, pairs, ticketSecret: 'ab'.repeat(32), ...more };
}
