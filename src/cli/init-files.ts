import { shipped } from '../shipped.ts';
import { type FoundEngine, type Machine, otherProxies } from './machine.ts';

export const KINDS = ['compose', 'systemd', 'config'] as const;
export type Kind = (typeof KINDS)[number];

/** Where clients may connect: the first that is free is taken. */
const HTTP_PORTS = [80, 8080, 8081, 8082];
const HTTPS_PORTS = [443, 8443, 8444, 8445];

/** The files to write, and what to do with them. */
export interface Plan {
  readonly files: readonly { readonly name: string; readonly text: string }[];
  readonly next: readonly string[];
}

/** Describes what was found, a line each. */
export function findings({ engines, taken }: Machine): string[] {
  const lines = engines.map((engine) => {
    const rootless = engine.isRootless ? ', rootless' : '';
    return engine.version === undefined
      ? `${engine.socket}: does not answer: ${engine.error}`
      : `${engine.socket}: ${engine.version}${rootless}, ${engine.containers.length} containers run; the socket is of group ${engine.group} (${engine.gid})`;
  });
  const engine = engineOf(engines);
  return [
    ...(lines.length === 0 ? ['no Docker Engine and no Podman: no socket of either is there'] : lines),
    ...[...taken].sort(([a], [b]) => a - b).map(([port, who]) => `port ${port} is taken by ${who}`),
    ...otherProxies(engine?.containers ?? []),
    ...(engine?.networks.length ? [`networks with containers: ${engine.networks.join(', ')}`] : []),
  ];
}

/** The Engine to use: one that answers, or else any, since it may answer the user who will run Fairlead. */
export function engineOf(engines: readonly FoundEngine[]): FoundEngine | undefined {
  return engines.find(({ version }) => version !== undefined) ?? engines[0];
}

/** Plans the files for this machine. */
export function plan(kind: Kind, machine: Machine, image: string): Plan {
  const engine = engineOf(machine.engines);
  const admin = freePort(machine, [9900, 9901, 9902]);
  // A configuration is also for users who may take no ports below 1024.
  const from = kind === 'config' ? 1 : 0;
  const http = freePort(machine, HTTP_PORTS.slice(from));
  const https = freePort(machine, HTTPS_PORTS.slice(from));
  if (kind === 'compose') return compose(engine, image, { http, https, admin });
  const make = kind === 'systemd' ? systemd : config;
  return make(engine, { http, https, admin });
}

/** Those that are free. */
interface Ports {
  readonly http: number;
  readonly https: number;
  readonly admin: number;
}

/** The first port that is free; the last one if none is. */
function freePort({ taken }: Machine, ports: readonly number[]): number {
  return ports.find((port) => !taken.has(port)) ?? ports.at(-1) ?? 0;
}

/** Makes the compose file: the one that comes with Fairlead, without sample services and with this machine's networks. */
function compose(engine: FoundEngine | undefined, image: string, { http, https, admin }: Ports): Plan {
  const [, services = ''] = /^services:\n([\s\S]*?)^ {2}whoami:/m.exec(shipped('compose.yaml')) ?? [];
  const socket = engine?.socket ?? '/var/run/docker.sock';
  const networks = engine?.networks ?? [];
  const fairlead = services
    .replace('build: ..', `image: ${JSON.stringify(image)}`)
    .replace('"8080:80"', `"${http}:80"`)
    .replace('"8443:443"', `"${https}:443"`)
    .replace('"127.0.0.1:9900:9900"', `"127.0.0.1:${admin}:9900"`)
    .replace(/^ {6}web:$/m, ['web', ...networks].map((name) => `      ${name}:`).join('\n'))
    .replace('/var/run/docker.sock:/var/run/docker.sock:ro', `${socket}:/var/run/docker.sock:ro`);
  const text = `# Fairlead for this machine, by fairlead init. Keep the token in .env beside it, then: docker compose up -d
# Services are routed by labels such as fairlead.host=shop.localhost, if they are on one of Fairlead's networks.
services:
${fairlead.trimEnd()}

volumes:
  data:

networks:
  # Only Fairlead is on it. Published ports lead to the first network by name, so its own begins with 0.
  admin:
    name: 0-fairlead-admin
  # Nothing on it reaches the outside, and nothing from the outside reaches the socket.
  socket:
    internal: true
  # For services of other projects: networks: { web: { name: fairlead-web, external: true } }
  web:
    name: fairlead-web
${networks.length === 0 ? '' : `  # Where containers were when this was written.\n${networks.map((name) => `  ${name}:\n    external: true\n`).join('')}`}`;
  return {
    files: [
      { name: 'compose.yaml', text },
      { name: 'docker-filter.cfg', text: shipped('docker-filter.cfg') },
    ],
    next: [
      `docker image inspect ${image} >/dev/null   # else: docker build -t ${image} CLONE-OF-FAIRLEAD`,
      'echo "FAIRLEAD_ADMIN_TOKEN=$(openssl rand -hex 24)" >> .env',
      'docker compose up -d',
      'docker run -d --network fairlead-web -l fairlead.host=shop.localhost my/shop',
      `curl http://shop.localhost${http === 80 ? '' : `:${http}`}/`,
      'docker compose exec -T fairlead fairlead ca >root.pem   # it also says how to trust it',
      `curl --cacert root.pem https://shop.localhost${https === 443 ? '' : `:${https}`}/`,
      `the dashboard: http://127.0.0.1:${admin}/, with the token as the password of any user`,
      'docker compose exec fairlead fairlead status',
    ],
  };
}

function systemd(engine: FoundEngine | undefined, { http, https, admin }: Ports): Plan {
  const variables = [
    'NODE_ENV=production',
    `FAIRLEAD_HTTP=:${http}`,
    `FAIRLEAD_HTTPS=:${https}`,
    'FAIRLEAD_DATA=%S/fairlead',
    `FAIRLEAD_ADMIN=127.0.0.1:${admin}`,
    `FAIRLEAD_DOCKER=${engine === undefined ? 'off' : `unix://${engine.socket}`}`,
  ];
  const group = engine === undefined ? '# SupplementaryGroups=docker' : `SupplementaryGroups=${engine.group}`;
  const text = shipped('systemd/fairlead.service')
    .replace(/^Environment=.*$/m, `Environment=${variables.join(' ')}`)
    .replace(/^SupplementaryGroups=.*$/m, group);
  return {
    files: [{ name: 'fairlead.service', text }],
    next: [
      'which fairlead   # in a folder that systemd looks in, such as /usr/local/bin or /usr/bin: else ExecStart= needs its path',
      'systemd-analyze verify ./fairlead.service',
      'sudo install -m 644 fairlead.service /etc/systemd/system/',
      'sudo systemctl daemon-reload && sudo systemctl enable --now fairlead',
      `fairlead status --admin 127.0.0.1:${admin}`,
    ],
  };
}

function config(engine: FoundEngine | undefined, { http, https, admin }: Ports): Plan {
  const text = `# Fairlead for this machine, by fairlead init. Every key is also a flag (--access-log) and a variable
# (FAIRLEAD_ACCESS_LOG): fairlead help options. fairlead check FILE validates a file like this.

http: ":${http}"
https: ":${https}"   # or off
admin: 127.0.0.1:${admin}
docker: ${engine === undefined ? 'off   # there was no Engine when this was written' : `unix://${engine.socket}`}
access-log: off   # off, json or clf

# Services that no label describes, with the same keys as the labels. The file is watched.
# services:
#   shop:
#     host: shop.localhost
#     health: { path: /healthz }
#     backends: [http://127.0.0.1:3001, http://127.0.0.1:3002]
`;
  return {
    files: [{ name: 'fairlead.yaml', text }],
    next: ['fairlead check fairlead.yaml', 'fairlead serve --config fairlead.yaml'],
  };
}
