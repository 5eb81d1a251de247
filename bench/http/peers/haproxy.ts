import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from '../ports.ts';
import { start } from '../process.ts';
import { versionOf } from './version.ts';

export const haproxy: Contender = {
  name: 'HAProxy',
  version: () => versionOf('haproxy', ['-v'], /version ([\d.]+)/),
  start({ folder, isLogged, tls }) {
    const file = join(folder, 'haproxy.cfg');
    const servers = BACKEND_PORTS.map((port, i) => `  server s${i} 127.0.0.1:${port} check inter 5s`).join(
      '\n',
    );
    // Each connection takes two file descriptors; half of the usual limit is far more than the cases need.
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 4000
  ${isLogged ? 'log stdout format raw local0' : ''}
defaults
  mode http
  ${isLogged ? 'log global\n  option httplog' : ''}
  http-reuse always
  option forwardfor
  timeout connect 2s
  timeout client 60s
  timeout server 60s
frontend bench
  bind 127.0.0.1:${PROXY_PORT} backlog 4096${tls === undefined ? '' : ` ssl crt ${tls.both} alpn http/1.1`}
  http-request set-header X-Real-IP %[src]
  http-request set-header X-Forwarded-Proto ${tls === undefined ? 'http' : 'https'}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  use_backend echo if { path_beg /ws }
  default_backend bench
backend bench
  balance roundrobin
${servers}
backend echo
  server s 127.0.0.1:${ECHO_PORT}
`,
    );
    const stdout = join(folder, 'access.log');
    return start({
      role: 'proxy',
      stderr: join(folder, 'stderr'),
      program: 'haproxy',
      args: ['-q', '-db', '-f', file],
      stdout,
    });
  },
};
