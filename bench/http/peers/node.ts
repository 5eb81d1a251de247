import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Contender, TLS_CASES } from '../contender.ts';
import { start } from '../process.ts';

/** A proxy of a few lines, as one writes it in Node. */
function baseline(name: string, version: () => string, file: string, cannot: readonly string[]): Contender {
  const path = fileURLToPath(new URL(`../baselines/${file}`, import.meta.url));
  return {
    name,
    cannot: [...cannot, ...TLS_CASES],
    version,
    start({ folder, isLogged }) {
      const args = isLogged ? [path, join(folder, 'access.log')] : [path];
      return start({ role: 'proxy', stderr: join(folder, 'stderr'), program: process.execPath, args });
    },
  };
}

const versionOf = (library: string) => () =>
  createRequire(import.meta.url)(`${library}/package.json`).version as string;

/** The floor: sockets alone, of which all that is not forwarding was left out. */
export const bareSockets = baseline('bare sockets', () => process.versions.node, 'bare.ts', [
  'WebSocket echo',
  'small GET, logged',
  '16 KB GET, logged',
]);
export const undici = baseline('node:http + undici', versionOf('undici'), 'undici.ts', ['WebSocket echo']);
export const httpProxy = baseline('http-proxy', versionOf('http-proxy'), 'http-proxy.ts', []);
