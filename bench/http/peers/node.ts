import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contender.ts';
import { start } from '../process.ts';

/** A proxy of a few lines, as one writes it in Node with a library. */
function baseline(name: string, library: string, file: string, cannot: readonly string[]): Contender {
  const path = fileURLToPath(new URL(`../baselines/${file}`, import.meta.url));
  return {
    name,
    cannot,
    version: () => createRequire(import.meta.url)(`${library}/package.json`).version,
    start({ folder, isLogged }) {
      const args = isLogged ? [path, join(folder, 'access.log')] : [path];
      return start({ role: 'proxy', stderr: join(folder, 'stderr'), program: process.execPath, args });
    },
  };
}

export const undici = baseline('node:http + undici', 'undici', 'undici.ts', ['WebSocket echo']);
export const httpProxy = baseline('http-proxy', 'http-proxy', 'http-proxy.ts', []);
