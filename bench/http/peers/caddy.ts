import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from '../ports.ts';
import { start } from '../process.ts';
import { versionOf } from './version.ts';

export const caddy: Contender = {
  name: 'Caddy',
  version: () => versionOf('caddy', ['version'], /v?([\d.]+)/),
  start({ folder, isLogged, tls }) {
    const file = join(folder, 'Caddyfile');
    const servers = BACKEND_PORTS.map((port) => `127.0.0.1:${port}`).join(' ');
    writeFileSync(
      file,
      `{
  admin off
  auto_https off
  log {
    level ERROR
  }
}
${tls === undefined ? 'http' : 'https'}://:${PROXY_PORT} {
  bind 127.0.0.1
  ${tls === undefined ? '' : `tls ${tls.certificate} ${tls.key}`}
  ${isLogged ? `log {\n    output file ${folder}/access.log\n    level INFO\n  }` : ''}
  reverse_proxy /ws 127.0.0.1:${ECHO_PORT}
  reverse_proxy ${servers} {
    lb_policy round_robin
    header_up X-Real-IP {remote_host}
    header_up X-Forwarded-Port ${PROXY_PORT}
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
    );
    const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, GOMAXPROCS: '1' };
    return start({
      role: 'proxy',
      stderr: join(folder, 'stderr'),
      program: 'caddy',
      args: ['run', '--config', file, '--adapter', 'caddyfile'],
      env,
    });
  },
};
