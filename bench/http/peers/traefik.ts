import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, TLS_CASES } from '../contender.ts';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from '../ports.ts';
import { start } from '../process.ts';
import { versionOf } from './version.ts';

export const traefik: Contender = {
  cannot: TLS_CASES,
  name: 'Traefik',
  version: () => versionOf('traefik', ['version'], /Version:\s+v?([\d.]+)/),
  start({ folder, isLogged }) {
    const dynamic = join(folder, 'dynamic.yaml');
    const servers = BACKEND_PORTS.map((port) => `{ url: "http://127.0.0.1:${port}" }`).join(', ');
    writeFileSync(
      dynamic,
      `http:
  routers:
    bench: { rule: "PathPrefix(\`/\`)", entryPoints: [web], service: bench }
    echo: { rule: "PathPrefix(\`/ws\`)", entryPoints: [web], service: echo }
  services:
    bench: { loadBalancer: { servers: [${servers}] } }
    echo: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${ECHO_PORT}" }] } }
`,
    );
    const file = join(folder, 'traefik.yaml');
    writeFileSync(
      file,
      `entryPoints: { web: { address: "127.0.0.1:${PROXY_PORT}" } }
providers: { file: { filename: ${dynamic} } }
serversTransport: { maxIdleConnsPerHost: 256 }
log: { level: ERROR }
${isLogged ? `accessLog: { filePath: ${folder}/access.log, bufferingSize: 100 }` : ''}
`,
    );
    const env = { GOMAXPROCS: '1' };
    return start({
      role: 'proxy',
      stderr: join(folder, 'stderr'),
      program: 'traefik',
      args: [`--configFile=${file}`],
      env,
    });
  },
};
