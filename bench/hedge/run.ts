// npm run bench:hedge: what others wait for beside a URL that keeps an application's only thread, with hedging and without.
// Once in a run: from then on the proxy knows how silent such a backend may be.
// --backends N (3)  --slow MS (3000)  --rate N (200)  --seconds N (5)  --rounds N (3)
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { request } from 'undici';
import { startLoad } from '../../test/support/load.ts';
import { PROXY_PORT } from '../http/ports.ts';
import { listening, start, stop } from '../http/process.ts';

const SELF = fileURLToPath(import.meta.url);
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const HOST = 'hedge.localhost';
const ORIGIN = `http://127.0.0.1:${PROXY_PORT}`;
/** The proxy learns of its backends, and all warm up. */
const WARM_MS = 2_000;

if (process.send === undefined) await main();
else serve();

/** An application with one thread. It sleeps where another would work, so that it costs its machine nothing. */
function serve(): void {
  const slowMs = Number(process.argv[2]);
  const still = new Int32Array(new SharedArrayBuffer(4));
  const server = createServer(({ url, headers }, response) => {
    if (url === '/slow') Atomics.wait(still, 0, 0, slowMs);
    response.setHeader('x-load-id', headers['x-load-id'] ?? '').end('done');
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.once('disconnect', () => process.exit(0));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      backends: { type: 'string', default: '3' },
      slow: { type: 'string', default: '3000' },
      rate: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '5' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const [slowMs, rate] = [Number(values.slow), Number(values.rate)];
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const hedge of ['off', 'hang']) {
      const sorted = await measure(hedge, Number(values.backends), slowMs, rate, Number(values.seconds));
      const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)]?.toFixed(0);
      const percentiles = `p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, slowest ${at(1)} ms`;
      console.log(`hedge=${hedge}: ${sorted.length} requests, ${percentiles}`);
    }
  }
}

/** Latencies of those that ask for something else, the shortest first. */
async function measure(
  hedge: string,
  count: number,
  slowMs: number,
  rate: number,
  seconds: number,
): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-hedge-'));
  const backends: ChildProcess[] = [];
  let proxy: ChildProcess | undefined;
  try {
    for (let i = 0; i < count; i++) backends.push(fork(SELF, [String(slowMs)]));
    const ports = await Promise.all(backends.map(async (backend) => (await once(backend, 'message'))[0]));
    const urls = ports.map((port) => `http://127.0.0.1:${port}`).join(', ');
    const options = `http: 127.0.0.1:${PROXY_PORT}\nadmin: off\ndocker: false\nlog-level: error\n`;
    const file = join(folder, 'fairlead.yaml');
    writeFileSync(
      file,
      `${options}services:\n  app: { host: ${HOST}, hedge: ${hedge}, backends: [${urls}] }\n`,
    );
    proxy = start({ role: 'proxy', program: process.execPath, args: [MAIN, '--config', file] });
    await listening(PROXY_PORT, proxy);
    const load = startLoad(ORIGIN, { host: HOST, rate });
    await new Promise((resolve) => setTimeout(resolve, WARM_MS));
    const beganAt = Date.now();
    void request(`${ORIGIN}/slow`, { headers: { host: HOST } }).then(
      ({ body }) => body.dump(),
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const { outcomes } = await load.stop();
    return outcomes
      .filter(({ dueAt }) => dueAt >= beganAt)
      .map(({ latencyMs, failure }) => (failure === undefined ? latencyMs : Number.POSITIVE_INFINITY))
      .sort((a, b) => a - b);
  } finally {
    for (const backend of backends) backend.disconnect();
    if (proxy !== undefined) await stop(proxy);
    rmSync(folder, { recursive: true });
  }
}
