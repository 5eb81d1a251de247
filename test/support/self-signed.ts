import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * A certificate that vouches for itself, with its key; as PEM. Needs openssl.
 * @param names DNS names and addresses that it is good for
 */
export async function makeSelfSigned(
  names: readonly string[] = [],
): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-self-signed-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  // Made in no time, unlike RSA.
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', cert];
  const all = names.map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`));
  const named = all.length === 0 ? [] : ['-addext', `subjectAltName=${all.join(',')}`];
  const about = ['-subj', `/CN=${names[0] ?? 'test'}`, ...named, '-days', '2'];
  try {
    await promisify(execFile)('openssl', ['req', '-x509', ...kind, ...about, ...files]);
    return { key: readFileSync(key), cert: readFileSync(cert) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
