import { type Contender, versionOf } from '../contender.ts';

export const caddy: Contender = {
  name: 'Caddy',
  version: () => versionOf('caddy', 'version'),
  gracefulSignal: 'SIGTERM',
  configure: ({ backends, port, retriesStatuses }) => `
{
  admin off
  auto_https off
  grace_period 10s
  log {
    output discard
  }
}
http://:${port} {
  bind 127.0.0.1
  reverse_proxy ${backends.map(({ ip, port }) => `${ip}:${port}`).join(' ')} {
    lb_policy round_robin
    lb_try_duration 2s
    fail_duration 5s
    ${retriesStatuses ? 'unhealthy_status 5xx' : ''}
    health_uri /healthz
    health_interval 1s
    health_timeout 1s
    transport http {
      dial_timeout 2s
      response_header_timeout 60s
    }
  }
}
`,
  command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
};
