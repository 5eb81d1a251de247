import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * What openssl says of a chain that a server shows to whoever trusts a root: `good`, or what is wrong.
 * @param name a DNS name or an address that was asked for
 * @param at in milliseconds since the epoch
 */
export async function verifyChain(root: string, chain: string, name: string, at: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-openssl-'));
  const [trusted, shown] = [join(folder, 'root.pem'), join(folder, 'shown.pem')];
  writeFileSync(trusted, root);
  writeFileSync(shown, chain);
  const asked =
    name.includes(':') || /^[\d.]+$/.test(name) ? ['-verify_ip', name] : ['-verify_hostname', name];
  const how = ['-x509_strict', '-purpose', 'sslserver', '-attime', String(Math.floor(at / 1_000)), ...asked];
  try {
    await run('openssl', ['verify', ...how, '-CAfile', trusted, '-untrusted', shown, shown]);
    return 'good';
  } catch (error) {
    const { stderr } = error as { stderr: string };
    return /^error .*: (.*)$/m.exec(stderr)?.[1] ?? stderr;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
