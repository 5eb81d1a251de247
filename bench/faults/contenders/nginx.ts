import { type Contender, versionOf } from '../contender.ts';

/** Without its commercial edition nginx has no active checks: max_fails and fail_timeout are its defaults. */
export const nginx: Contender = {
  name: 'nginx',
  version: () => versionOf('nginx', '-v'),
  gracefulSignal: 'SIGQUIT',
  configure: ({ backends, port, retriesStatuses, workers }, folder) => `
daemon off;
pid ${folder}/pid;
error_log /dev/null crit;
worker_processes ${workers};
worker_shutdown_timeout 10s;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  client_max_body_size 0;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream app {
    zone app 64k;
${backends.map(({ ip, port }) => `    server ${ip}:${port};`).join('\n')}
    keepalive 64;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
      proxy_request_buffering off;
      proxy_connect_timeout 2s;
      proxy_read_timeout 60s;
      proxy_next_upstream error timeout${retriesStatuses ? ' http_500 http_502 http_503 http_504' : ''};
    }
  }
}
`,
  command: (file) => ['nginx', '-c', file],
};
