import { chmodSync, writeFileSync } from 'node:fs';
import { makeKey, signCertificate } from '../../src/control/certificates/x509.ts';

const DAY_MS = 86_400_000;

export interface MadeCertificate {
  /** As PEM. */
  readonly certificate: string;
  readonly key: string;
}

/**
 * A certificate as somebody may have bought it.
 * @param now in milliseconds since the epoch; it began a day before, and has 89 to go
 */
export function makeCertificate(
  names: readonly string[],
  now: number,
  more: { readonly days?: number; readonly from?: number; readonly issuer?: string } = {},
): MadeCertificate {
  const { days = 90, from = now - DAY_MS, issuer = 'Some Authority' } = more;
  const { publicKey, privateKey } = makeKey();
  const life = { notBefore: from, notAfter: from + days * DAY_MS };
  const signer = { name: issuer, key: makeKey().privateKey };
  return {
    certificate: signCertificate({ kind: 'server', names, publicKey, ...life }, signer),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** Writes a file that its owner alone can read. */
export function writePrivately(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
}
