/** An image that the pages name and that cannot be pulled where the tests run. */
export interface StandIn {
  /** What the real one exposes. */
  readonly ports: readonly number[];
  /** The first line of its answers; after it come its name, the request line and the headers. */
  readonly greeting?: string;
}

/** An image with a program of this machine, which reads its configuration as the real image does. */
export interface Packaged {
  /** Where the program is on this machine, and in the image. */
  readonly program: string;
  readonly command: readonly string[];
  readonly ports: readonly number[];
  /** Empty folders that it needs. */
  readonly folders?: readonly string[];
  /** Small files that it needs. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Every image that a page names, under each name that it has there. */
export const STAND_INS: Readonly<Record<string, StandIn>> = {
  'my/shop': { ports: [8080], greeting: 'the shop' },
  'my/shop:2': { ports: [8080], greeting: 'the shop, version 2' },
  'my/api': { ports: [3000] },
  'my/database': { ports: [5432] },
  'my/curl': { ports: [] },
  'my/vpn': { ports: [] },
  nginx: { ports: [80], greeting: 'Welcome to nginx!' },
  'nginx:alpine': { ports: [80], greeting: 'Welcome to nginx!' },
  'traefik/whoami': { ports: [80] },
};

const USERS = 'root:x:0:0::/:/bin/sh\nhaproxy:x:99:99::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n';
const GROUPS = 'root:x:0:\nhaproxy:x:99:\nwww-data:x:33:\nadm:x:4:\n';

const HAPROXY: Packaged = {
  program: '/usr/sbin/haproxy',
  command: ['/usr/sbin/haproxy', '-W', '-db', '-f', '/usr/local/etc/haproxy/haproxy.cfg'],
  ports: [],
  files: { 'etc/passwd': USERS, 'etc/group': GROUPS },
};
const CADDY: Packaged = {
  program: '/usr/bin/caddy',
  command: ['/usr/bin/caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'],
  ports: [80, 443, 2019],
  folders: ['data', 'config', 'root', 'srv'],
  files: { 'etc/passwd': USERS, 'etc/group': GROUPS },
};

/** The images of proxies, whose configuration the pages show. */
export const PACKAGED: Readonly<Record<string, Packaged>> = {
  'haproxy:lts-alpine': HAPROXY,
  caddy: CADDY,
  'caddy:2': CADDY,
};
