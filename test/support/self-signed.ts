import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';

/** A certificate that vouches for itself, with its key; as PEM. Needs openssl. */
export async function makeSelfSigned(t: Test): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const folder = t.testdir({});
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  // Made in no time, unlike RSA.
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', key, '-out', cert];
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    ...kind,
    '-subj',
    '/CN=test',
    '-days',
    '2',
    ...files,
  ]);
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
