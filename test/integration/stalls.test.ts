import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { connectRaw } from '../support/client.ts';
import { PATIENCE_MS } from '../support/eventually.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';
import { startUnreachable } from '../support/unreachable.ts';

const get = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** Keeps this process, the proxy with it, from doing anything else. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.max(0, ms));
}

/** The next finished request keeps the proxy from running, in the turn in which what came behind it begins. */
function standStillAfterNext({ entries }: TestProxy, ms: number): void {
  entries.push = (...added) => {
    entries.push = Array.prototype.push;
    standStill(ms);
    return entries.push(...added);
  };
}

/**
 * A backend in a thread of its own, which answers while this one stands still: from when it has the request until so
 * long after, and until the answer is on its way at the least.
 */
async function startOtherThread(t: Test, stillMs: number): Promise<number> {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const server = require('node:http').createServer((_request, response) => {
      parentPort.postMessage('asked');
      const timer = setInterval(() => {
        if (Atomics.load(workerData, 0) === 0) return;
        clearInterval(timer);
        response.end('in time', () => {
          Atomics.store(workerData, 1, 1);
          Atomics.notify(workerData, 1);
        });
      }, 1);
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(code, { eval: true, workerData: shared });
  t.teardown(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  worker.once('message', () => {
    const end = performance.now() + stillMs;
    Atomics.store(shared, 0, 1);
    Atomics.wait(shared, 1, 0, PATIENCE_MS);
    standStill(end - performance.now());
  });
  return port;
}

t.test('a connect that begins when the proxy has stood still has all of its time', async (t) => {
  const port = await startUnreachable(t);
  if (port === undefined) return t.comment('no such backend can be made here');
  const settings = { timeouts: { connectMs: 1_000 }, retry: { attempts: 0 } };
  const proxy = await startProxy(t, [{ backends: [port], settings }]);
  const client = await connectRaw(t, proxy.port);
  standStillAfterNext(proxy, 900);
  client.send(get('nobody.localhost') + get('test.localhost'));
  t.same(
    (await responses(client, 2)).map(({ status }) => status),
    [404, 504],
  );
  t.ok((proxy.entries[1]?.durationMs ?? 0) >= 1_000, `given up after ${proxy.entries[1]?.durationMs} ms`);
});

t.test('what came while the proxy stood still is read before anything is given up', async (t) => {
  // The time is up in the middle, at the end and just after it.
  for (const responseMs of [700, 1_000, 1_020]) {
    const port = await startOtherThread(t, 1_000);
    const settings = { timeouts: { responseMs }, retry: { attempts: 0 } };
    const proxy = await startProxy(t, [{ backends: [port], settings }]);
    const client = await connectRaw(t, proxy.port);
    standStillAfterNext(proxy, 100);
    client.send(get('nobody.localhost') + get('test.localhost'));
    const [, second] = await responses(client, 2);
    t.match(second, { status: 200, body: 'in time' }, `${responseMs} ms`);
  }
});
