import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from './ports.ts';
import { assertFree, hasProgram, listening, start, stop } from './process.ts';

/** What stands behind every proxy. */
export interface Backends {
  /** What serves requests, for people. */
  readonly name: string;
  stop(): Promise<void>;
}

/**
 * Starts the backends: nginx where it is installed, which leaves more of the core to the load, else Node.
 * @param folder for their files
 */
export async function startBackends(folder: string): Promise<Backends> {
  for (const port of [...BACKEND_PORTS, ECHO_PORT, PROXY_PORT]) await assertFree(port);
  const hasNginx = hasProgram('nginx');
  const main = hasNginx ? startNginx(folder) : startNode('backend.ts');
  const echo = startNode('echo.ts');
  for (const port of BACKEND_PORTS) await listening(port, main);
  await listening(ECHO_PORT, echo);
  return {
    name: hasNginx ? 'nginx' : 'Node.js',
    async stop() {
      await Promise.all([stop(main), stop(echo)]);
    },
  };
}

function startNode(file: string): ChildProcess {
  const path = fileURLToPath(new URL(file, import.meta.url));
  return start({ role: 'backend', program: process.execPath, args: [path] });
}

function startNginx(folder: string): ChildProcess {
  for (const [name, size] of [
    ['16k', 16_384],
    ['1m', 1_048_576],
  ] as const)
    writeFileSync(join(folder, name), Buffer.alloc(size, 'x'));
  writeFileSync(join(folder, 'chunked'), Buffer.alloc(16_384, 'x'));
  const listen = BACKEND_PORTS.map((port) => `listen 127.0.0.1:${port} backlog=4096;`).join(' ');
  const file = join(folder, 'backend.conf');
  // Server-side includes take the length away, so that the answer goes in chunks.
  writeFileSync(
    file,
    `worker_processes 1; daemon off; pid ${folder}/backend.pid; error_log ${folder}/backend.log; user root;
events { worker_connections 8192; }
http {
  access_log off; sendfile on; tcp_nopush on; open_file_cache max=10; keepalive_requests 1000000000;
  keepalive_timeout 60s; client_header_buffer_size 32k; root ${folder};
  server {
    ${listen}
    location = /small { return 200 "hello world\\n"; }
    location = /post { return 200 "ok"; }
    location = /chunked { ssi on; ssi_types *; }
  }
}
`,
  );
  return start({ role: 'backend', program: 'nginx', args: ['-c', file, '-e', `${folder}/backend.log`] });
}
