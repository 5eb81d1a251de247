import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { defaultPort } from '../../src/model/listener.ts';

const run = promisify(execFile);

/** What curl prints of an answer of this machine: its body and its status; or `exit` and the code with which it ends. */
export async function curl(url: string, ...flags: string[]): Promise<string> {
  const { hostname, port, protocol } = new URL(url);
  const asked = port === '' ? defaultPort(protocol.slice(0, -1)) : port;
  const here = ['--resolve', `${hostname}:${asked}:127.0.0.1`, '--noproxy', '*'];
  try {
    const { stdout } = await run('curl', ['-sS', '-m', '20', '-w', ' %{http_code}', ...here, ...flags, url]);
    return stdout.trim();
  } catch (error) {
    return `exit ${(error as { code: number }).code}`;
  }
}
