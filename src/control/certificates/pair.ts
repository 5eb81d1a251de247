import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { KeyPair } from '../../model/keyring.ts';
import { shorten } from '../../model/text.ts';
import { lifeOf } from './authority.ts';
import { canonicalAddress } from './names.ts';

/** Why texts are no pair: a sentence without a byte of any key, and what would mend it. */
export class PairError extends Error {
  override readonly name = 'PairError';
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/** The extension `status_request` of RFC 7633, in DER: clients want an answer of OCSP with the certificate. */
const MUST_STAPLE = Buffer.from('06082b06010505070118', 'hex');

/** A PEM file of somebody. */
export interface PemText {
  readonly certificates: readonly X509Certificate[];
  readonly key: KeyObject | undefined;
}

/** What stands in a text. Throws a `PairError`. */
export function readPem(text: string): PemText {
  const begins = text.match(/-----BEGIN [^-]+-----/g)?.length ?? 0;
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----[^-]*-----END \1-----/g)];
  if (begins === 0) throw new PairError('has no PEM in it', 'of DER it is made by: openssl x509 -inform der');
  if (blocks.length < begins) throw new PairError('is not whole: what begins in it does not end');
  const named = (pattern: RegExp) => blocks.filter(([, name = '']) => pattern.test(name)).map(([pem]) => pem);
  const [key, ...more] = named(/PRIVATE KEY$/);
  if (more.length > 0) throw new PairError('has more than one private key in it');
  return {
    certificates: named(/^(?:X509 |TRUSTED )?CERTIFICATE$/).map(readCertificate),
    key: key === undefined ? undefined : readKey(key),
  };
}

/**
 * A pair of certificates and a key. Throws a `PairError` when they do not fit, or when TLS could not use them; whether it is the
 * time for them is not asked.
 * @param certificates that of the key, wherever it stands, and those that lead to its root
 */
export function makePair(certificates: readonly X509Certificate[], key: KeyObject): KeyPair {
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (own === undefined) throw new PairError('is for another key than the one that belongs to it');
  if (own.raw.includes(MUST_STAPLE))
    throw new PairError(
      'wants answers of OCSP beside it (must-staple), which there are none of any more',
      'renew it without',
    );
  const names = namesOf(own);
  if (names.length === 0)
    throw new PairError('names nobody: it has no subjectAltName, and browsers read nothing else');
  const pair = {
    names: Object.freeze(names),
    certificate: [own, ...certificates.filter((other) => other !== own)].map(String).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    source: 'file',
    issuer: issuerOf(own),
    ...lifeOf(own),
    isPublic: own.issuer !== own.subject && !/\(STAGING\)/i.test(own.issuer),
  } as const;
  try {
    createSecureContext({ cert: pair.certificate, key: pair.key });
  } catch (error) {
    throw new PairError(`is refused by OpenSSL: ${reasonOf(error)}`);
  }
  return Object.freeze(pair);
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem.replaceAll('TRUSTED ', '').replaceAll('X509 ', ''));
  } catch {
    throw new PairError('has a certificate in it that cannot be read');
  }
}

function readKey(pem: string): KeyObject {
  if (/ENCRYPTED/.test(pem))
    throw new PairError(
      'has a key in it that wants a passphrase',
      'take it off: openssl pkey -in FILE -out FILE',
    );
  try {
    return createPrivateKey(pem);
  } catch {
    throw new PairError('has a key in it that cannot be read');
  }
}

/** Names that clients look for: in lower case, a wildcard only in front, addresses in their only spelling. */
function namesOf({ subjectAltName = '' }: X509Certificate): string[] {
  // What has a comma or a quote in it, which is no name, Node.js puts in quotes.
  const all = subjectAltName.matchAll(/(?:^|, )(DNS|IP Address):([^",]+)(?=, |$)/g);
  const names = [...all].flatMap(([, kind, text = '']) => {
    if (kind === 'IP Address') return canonicalAddress(text.toLowerCase()) ?? [];
    return /^(?:\*\.)?[\w-]+(?:\.[\w-]+)*$/.test(text) ? text.toLowerCase() : [];
  });
  return [...new Set(names)];
}

/** `Let's Encrypt, R11`. */
function issuerOf({ issuer }: X509Certificate): string {
  const part = (name: string) => new RegExp(`^${name}=(.+)$`, 'm').exec(issuer)?.[1];
  const known = [...new Set([part('O'), part('CN')])].filter((text) => text !== undefined);
  return shorten(known.length === 0 ? issuer.replaceAll('\n', ', ') : known.join(', '));
}

/** The end of a sentence of OpenSSL, such as `ee key too small`. */
function reasonOf(error: unknown): string {
  return shorten(String((error as { reason?: unknown }).reason ?? 'it does not say why'));
}
