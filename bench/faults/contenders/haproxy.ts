import { type Contender, versionOf } from '../contender.ts';

/** Its retries of failed responses send a POST again as well, which its manual warns of. */
export const haproxy: Contender = makeHaproxy('HAProxy', '');

/** The same with the line that the manual recommends against that. */
export const haproxySafe: Contender = {
  ...makeHaproxy('HAProxy (POST once)', '  http-request disable-l7-retry if METH_POST\n'),
  only: 'POST',
};

function makeHaproxy(name: string, rule: string): Contender {
  return {
    name,
    version: () => versionOf('haproxy', '-v'),
    gracefulSignal: 'SIGUSR1',
    configure: ({ backends, port, retriesStatuses, files }) => `
global
  ${files === undefined ? 'maxconn 8000' : '# as many connections as the limit of files allows'}
  hard-stop-after 10s
defaults
  mode http
  timeout connect 2s
  timeout client 75s
  timeout server 60s
  timeout check 1s
  retries 3
  option redispatch 1
  retry-on conn-failure empty-response response-timeout${retriesStatuses ? ' 500 502 503 504' : ''}
frontend main
  bind 127.0.0.1:${port}
  default_backend app
backend app
  balance roundrobin
${rule}  option httpchk GET /healthz
  default-server check inter 1s fall 2 rise 2
${backends.map(({ ip, port }, index) => `  server s${index} ${ip}:${port}`).join('\n')}
`,
    command: (file) => ['haproxy', '-f', file],
  };
}
