import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { type Experiment, ms, type Scene } from '../experiment.ts';
import { oversized } from './oversized.ts';

const SLOW_REQUESTS = 20;
const SLOW_MS = 2_000;
const IDLE_CONNECTIONS = 400;
const IDLE_MS = 3_000;

/** What happens to the proxy itself. */
export const PROXY_EXPERIMENTS: readonly Experiment[] = [
  {
    id: 'E10',
    name: 'the proxy is stopped',
    what:
      'the signal for a graceful end (SIGTERM; nginx SIGQUIT, HAProxy SIGUSR1) under load, with 20 requests of 2 s ' +
      'and a WebSocket under way; SIGTERM when these are answered. A refused connect is not counted: nobody listens any more',
    methods: ['GET', 'POST'],
    fault: stopGracefully,
    settleMs: 500,
    expected: ['refused'],
    goals: [{ text: 'none failed', isMet: ({ failed }) => failed === 0 }],
  },
  {
    id: 'E11',
    name: 'a worker is killed',
    what: '`kill -9` of one of two worker processes of the proxy, which both have clients; HAProxy and Caddy have one process',
    methods: ['GET', 'POST'],
    workers: 2,
    contenders: ['Fairlead', 'nginx'],
    fault: killWorker,
    goals: [{ text: 'failed: only those in flight in it', isMet: ({ late }) => late === 0 }],
  },
  {
    id: 'E13',
    name: 'file descriptors run out',
    what: '400 idle clients for 3 s at a proxy that may open 256 files (`ulimit -n 256`), at 100 requests/s',
    methods: ['GET'],
    rate: 100,
    files: 256,
    fault: exhaustFiles,
    goals: [{ text: 'none failed', isMet: ({ failed }) => failed === 0 }],
  },
  {
    id: 'E14',
    name: 'oversized requests',
    what: 'a head of 64 KiB, 101 header lines, a chunk extension of 64 KiB, and 1 GiB sent to a backend that does not read',
    methods: ['GET'],
    rate: 200,
    fault: oversized,
    goals: [{ text: 'none of the others failed', isMet: ({ failed }) => failed === 0 }],
  },
];

async function stopGracefully({ fleet, proxy, note }: Scene): Promise<void> {
  const slow = Array.from({ length: SLOW_REQUESTS }, () =>
    request(`${proxy.origin}/sleep?ms=${SLOW_MS}`, { headers: { host: fleet.host } }).then(
      async (response) => {
        await response.body.text();
        return response.statusCode;
      },
      () => 0,
    ),
  );
  const webSocket = await openWebSocket(proxy.origin, fleet.host);
  await ms(500);
  proxy.kill(proxy.contender.gracefulSignal);
  const whole = (await Promise.all(slow)).filter((status) => status === 200).length;
  note(`${whole} of ${SLOW_REQUESTS} slow requests answered`);
  // Some are done with what they have only when they have looked around once more.
  await Promise.race([proxy.exited(), ms(500)]);
  note(
    `the WebSocket ${webSocket.readyState === WebSocket.OPEN ? 'is open meanwhile' : 'was closed with them'}`,
  );
  if (proxy.isRunning) note(await endAtOnce(proxy));
  webSocket.terminate();
}

async function openWebSocket(origin: string, host: string): Promise<WebSocket> {
  const webSocket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, { headers: { host } });
  await once(webSocket, 'open');
  webSocket.on('error', () => {});
  return webSocket;
}

/** A second signal while it still drains. */
async function endAtOnce(proxy: Scene['proxy']): Promise<string> {
  const signalledAt = performance.now();
  proxy.kill('SIGTERM');
  await Promise.race([proxy.exited(), ms(15_000)]);
  if (proxy.isRunning) return 'it runs on 15 s after a second signal';
  return `ended ${((performance.now() - signalledAt) / 1_000).toFixed(1)} s after a second signal`;
}

async function killWorker({ proxy, happened, note }: Scene): Promise<void> {
  const before = proxy.pids;
  process.kill(before.at(-1) ?? 0, 'SIGKILL');
  happened();
  await ms(IDLE_MS);
  note(`${before.length} processes before, ${proxy.pids.length} after`);
}

async function exhaustFiles({ proxy, note }: Scene): Promise<void> {
  const port = Number(new URL(proxy.origin).port);
  const sockets: Socket[] = [];
  let closed = 0;
  for (let i = 0; i < IDLE_CONNECTIONS; i++) {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {}).on('close', () => closed++);
    sockets.push(socket);
    await Promise.race([new Promise((resolve) => socket.once('connect', resolve)), ms(5)]);
  }
  await ms(IDLE_MS);
  note(`${closed} of ${IDLE_CONNECTIONS} idle clients closed by it`);
  for (const socket of sockets) socket.destroy();
  note(proxy.isRunning ? 'it runs on' : 'it ended');
}
