import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Running } from '../app.ts';
import { listenersOf, takenTwice } from '../config/listeners.ts';
import type { LoadedOptions } from '../config/load.ts';
import { nameOf, type Options } from '../config/options.ts';
import { staticSource } from '../control/discovery/static.ts';
import { type Address, formatAddress, isEverywhere, isWithoutIpv6, ListenError } from '../model/address.ts';
import type { Claim } from '../model/contribution.ts';
import type { Listener } from '../model/listener.ts';
import { type Log, openLog } from '../telemetry/log.ts';
import { outputOf } from '../telemetry/output.ts';
import { readConfiguration } from './configuration.ts';
import { explainStart } from './explain-start.ts';
import { configurationOf, runApp } from './serve.ts';
import { EXIT_USAGE, type Terminal } from './terminal.ts';

const NAMES = ['anchor', 'bollard', 'cleat'];
/** How long a backend fails its checks after a request asked it to, in milliseconds. */
const BROKEN_MS = 20_000;
/** Where https is, unless options say it. */
const HTTPS_PORT = 8443;

/** Runs `serve` with three backends in this process, and with Docker if that is there. */
export async function demo(args: readonly string[], terminal: Terminal): Promise<number> {
  const loaded = readConfiguration(args, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const { log, change } = openLog(loaded.options, terminal.isTerminal);
  const claims = await Promise.all(NAMES.map(startBackend));
  const docker = reachableDocker(loaded.options.docker);
  const options = { ...loaded.options, docker, https: await httpsOf(loaded, log) };
  const input = {
    ...configurationOf(loaded, args, terminal),
    options,
    log,
    changeLog: change,
    sources: [staticSource('demo', 'this process', claims)],
  };
  return runApp(input, terminal, (running) => show(whatToTry(running, options.docker !== false)));
}

/** Where https is: as options say; else at a port of its own, without which the demo goes on by http alone. */
async function httpsOf({ options, settings }: LoadedOptions, log: Log): Promise<Options['https']> {
  const { http, https, data } = options;
  if (settings.https !== undefined) return https;
  const wanted = [{ host: (http[0] as Address).host, port: HTTPS_PORT }];
  try {
    if (data === undefined)
      throw new Error(`there is no folder for its certificates (--${nameOf('data')} DIR)`);
    const taken = takenTwice(http, wanted);
    if (taken !== undefined) throw new Error(`https ${taken}`);
    for (const listener of listenersOf({ http: [], https: wanted })) await tryListening(listener);
    return wanted;
  } catch (error) {
    log.warn(`the demo goes without https: ${explainStart(error)[0]?.replace(/^error: /, '')}`);
    return false;
  }
}

/** Rejects with a `ListenError` where the app could not listen. */
function tryListening(listener: Listener): Promise<void> {
  const { address } = listener;
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (isWithoutIpv6(address, error.code)) resolve();
      else reject(new ListenError(listener, error));
    });
    server.listen(address, () => server.close(() => resolve()));
  });
}

/** Leaves out Engines that are not there, which would only be reported as problems. */
function reachableDocker(endpoints: readonly string[] | false): readonly string[] | false {
  const found =
    endpoints === false
      ? []
      : endpoints.filter((one) => !one.startsWith('unix://') || existsSync(one.slice(7)));
  return found.length === 0 ? false : found;
}

async function startBackend(name: string): Promise<Claim> {
  let brokenUntil = 0;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/break' && request.method === 'POST') {
      brokenUntil = Date.now() + BROKEN_MS;
      response.end(`${name} fails its health checks for ${BROKEN_MS / 1_000} seconds\n`);
    } else if (request.url === '/healthz') {
      response.statusCode = Date.now() < brokenUntil ? 503 : 200;
      response.end();
    } else response.end(`Hello from ${name}. You asked for ${request.headers.host}${request.url}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: { source: 'demo', name },
    service: 'demo',
    routes: [{ host: '*', path: '/', priority: 0, stripPrefix: false }],
    settings: { health: { path: '/healthz', intervalMs: 1_000, fall: 2 } },
    serves: { name, key: `${name}:${port}`, address: { host: '127.0.0.1', port }, weight: 1, backup: false },
    createdAt: Date.now(),
  };
}

/** Prints lines by way of a log, so that a reader who stalls holds nothing up. */
function show(lines: readonly string[]): void {
  outputOf(1).write(Buffer.from(`${lines.join('\n')}\n`), 'program');
}

function whatToTry({ listeners, admin: dashboard }: Running, hasDocker: boolean): string[] {
  const shown = shownAddress((listeners[0] as Listener).address);
  const secure = listeners.find(({ tls }) => tls);
  const admin = dashboard === undefined ? undefined : formatAddress(dashboard);
  const docker = hasDocker
    ? 'A container of yours:    docker run -d -l fairlead.host=shop.localhost IMAGE'
    : 'With Docker on this machine, containers with the label fairlead.host=NAME are routed too.';
  return [
    '',
    `Three backends share http://${shown}/. Try:`,
    '',
    `  Whose turn it is:        for i in 1 2 3 4 5 6; do curl -s http://${shown}/; done`,
    `  One of them falls ill:   curl -s -X POST http://${shown}/break`,
    ...(admin === undefined
      ? []
      : [
          `  The dashboard:           http://${admin}/`,
          `  Metrics:                 curl -s http://${admin}/metrics`,
        ]),
    ...(secure === undefined ? [] : httpsLines(secure, admin)),
    `  The live table:          npm start -- status${adminFlag(admin)}`,
    `  ${docker}`,
    '',
    'Ctrl-C ends it.',
    '',
  ];
}

/** How https is tried; systems and browsers come to trust it by what `ca` says. */
function httpsLines({ address }: Listener, admin: string | undefined): string[] {
  const url = `https://localhost:${address.port}/`;
  if (admin === undefined) return [`  By https:                curl -sk ${url}`];
  const ca = `npm start -s -- ca${adminFlag(admin)}`;
  return [
    `  By https:                ${ca} >root.pem; curl -s --cacert root.pem ${url}`,
    `  In a browser:            ${ca} also says how to trust its root`,
  ];
}

function shownAddress(address: Address): string {
  return isEverywhere(address.host) ? `localhost:${address.port}` : formatAddress(address);
}

function adminFlag(admin: string | undefined): string {
  return admin === undefined || admin === '127.0.0.1:9900' ? '' : ` --${nameOf('admin')} ${admin}`;
}
