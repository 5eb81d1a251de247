import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender } from '../contender.ts';
import { BACKEND_PORTS, ECHO_PORT, PROXY_PORT } from '../ports.ts';
import { start } from '../process.ts';
import { versionOf } from './version.ts';

export const nginx: Contender = {
  name: 'nginx',
  version: () => versionOf('nginx', ['-v'], /nginx\/([\d.]+)/),
  start({ folder, isLogged, tls }) {
    const file = join(folder, 'nginx.conf');
    const servers = BACKEND_PORTS.map((port) => `server 127.0.0.1:${port};`).join(' ');
    writeFileSync(
      file,
      `worker_processes 1; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log; user root;
events { worker_connections 8192; }
http {
  access_log ${isLogged ? `${folder}/access.log combined buffer=64k flush=1s` : 'off'};
  keepalive_requests 1000000000;
  upstream bench { ${servers} keepalive 256; keepalive_requests 1000000000; }
  upstream echo { server 127.0.0.1:${ECHO_PORT}; }
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  proxy_http_version 1.1;
  proxy_set_header Connection $connection_upgrade;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Host $http_host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Port $server_port;
  client_body_buffer_size 32k;
  server {
    listen 127.0.0.1:${PROXY_PORT}${tls === undefined ? '' : ' ssl'} backlog=4096;
    ${tls === undefined ? '' : `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.2 TLSv1.3;`}
    location / { proxy_pass http://bench; }
    location /ws { proxy_pass http://echo; }
  }
}
`,
    );
    return start({
      role: 'proxy',
      stderr: join(folder, 'stderr'),
      program: 'nginx',
      args: ['-c', file, '-e', `${folder}/error.log`],
    });
  },
};
