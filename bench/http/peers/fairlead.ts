import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../../src/version.ts';
import type { Contender } from '../contender.ts';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from '../ports.ts';
import { start } from '../process.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** The project of this tree. */
export const fairlead = fairleadAt('Fairlead', MAIN);

/** The one of another tree, to compare with. */
export function fairleadAt(name: string, main: string): Contender {
  return {
    name,
    version: () => VERSION,
    start({ folder, isLogged, tls, nodeArgs = [] }) {
      const file = join(folder, 'fairlead.yaml');
      const backends = BACKEND_PORTS.map((port) => `http://127.0.0.1:${port}`).join(', ');
      writeFileSync(
        file,
        `http: 127.0.0.1:${tls === undefined ? PROXY_PORT : 0}
${tls === undefined ? '' : `https: 127.0.0.1:${PROXY_PORT}\ncertificates: ${folder}\ndata: ${folder}/data`}
admin: off
docker: off
log-level: error
access-log: ${isLogged ? 'clf' : 'off'}
services:
  bench: { host: "*", backends: [${backends}] }
  echo: { host: "*", path: /ws, backends: [http://127.0.0.1:${ECHO_PORT}] }
`,
      );
      const stdout = join(folder, 'access.log');
      return start({
        role: 'proxy',
        stderr: join(folder, 'stderr'),
        program: process.execPath,
        args: [...nodeArgs, main, '--config', file],
        stdout,
      });
    },
  };
}
