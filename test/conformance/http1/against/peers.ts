import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../../support/eventually.ts';

/** A port that a proxy shall listen on, and the one that it shall lead to. */
export interface Way {
  readonly from: number;
  readonly to: number;
}

/** Another proxy, as small a configuration as leads one port to another and keeps connections to the origin. */
interface PeerKind {
  readonly version: readonly [command: string, ...args: string[]];
  config(ways: readonly Way[], directory: string): string;
  command(file: string): readonly [command: string, ...args: string[]];
}

export const PEERS: Readonly<Record<string, PeerKind>> = {
  nginx: {
    version: ['nginx', '-v'],
    command: (file) => ['nginx', '-c', file],
    config: (ways, directory) => `daemon off;
master_process off;
pid ${directory}/pid;
error_log ${directory}/error.log;
events { worker_connections 2048; }
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
${ways
  .map(
    ({ from, to }) => `  upstream o${from} { server 127.0.0.1:${to}; keepalive 4; }
  server {
    listen 127.0.0.1:${from};
    location / {
      proxy_pass http://o${from};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Connection "";
    }
  }`,
  )
  .join('\n')}
}
`,
  },
  haproxy: {
    version: ['haproxy', '-v'],
    command: (file) => ['haproxy', '-db', '-f', file],
    config: (ways) => `global
  maxconn 2000
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
${ways
  .map(
    ({ from, to }) => `listen l${from}
  bind 127.0.0.1:${from}
  server origin 127.0.0.1:${to}`,
  )
  .join('\n')}
`,
  },
  caddy: {
    version: ['caddy', 'version'],
    command: (file) => ['caddy', 'run', '--config', file, '--adapter', 'caddyfile'],
    config: (ways) => `{
  admin off
  auto_https off
}
${ways
  .map(
    ({ from, to }) => `http://:${from} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${to}
}`,
  )
  .join('\n')}
`,
  },
};

/** The version that is installed, as the program itself says; undefined where there is none. */
export function versionOf(name: string): string | undefined {
  const [command, ...args] = PEERS[name]?.version ?? [''];
  try {
    // nginx says it on the error output.
    const text = execFileSync('sh', ['-c', `${[command, ...args].join(' ')} 2>&1`], { encoding: 'utf8' });
    return /\d+\.\d+\.\d+/.exec(text)?.[0];
  } catch {
    return undefined;
  }
}

/** Below these the system takes no port for a connection of its own, so that one stays free until it is used. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
let nextPort = Math.floor(Math.random() * PORTS);

/** A port that nobody listens on, another one each time. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}

/** Starts it, and answers once it takes connections; the answer ends it. */
export async function startPeer(name: string, ways: readonly Way[]): Promise<() => Promise<void>> {
  const kind = PEERS[name];
  if (kind === undefined) throw new Error(`no peer of the name ${name}`);
  const directory = mkdtempSync(join(tmpdir(), `fairlead-${name}-`));
  const file = join(directory, 'config');
  writeFileSync(file, kind.config(ways, directory));
  const [command, ...args] = kind.command(file);
  const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  let said = '';
  child.stderr.on('data', (chunk) => (said = (said + chunk).slice(-2_000)));
  try {
    await eventually(`${name} listens`, async () => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
      return (await Promise.all(ways.map(({ from }) => listens(from)))).every(Boolean);
    });
  } catch (error) {
    await end(child, directory);
    throw new Error(`${name} does not start: ${said}`, { cause: error });
  }
  return () => end(child, directory);
}

async function end(child: ChildProcess, directory: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
  }
  rmSync(directory, { recursive: true, force: true });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
