import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import t, { type Test } from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually, PATIENCE_MS } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';

/** A backend whose connections close on their second request, without an answer. It counts the requests answered. */
async function startOnce(t: Test) {
  const counts = { connections: 0, answered: 0 };
  const { port } = await startRawBackend(t, (socket: Socket) => {
    counts.connections++;
    let isFirst = true;
    socket.on('data', (bytes) => {
      if (!bytes.includes('HTTP/1.1')) return;
      if (!isFirst) return void socket.destroy();
      isFirst = false;
      counts.answered++;
      socket.write(okText('once'));
    });
  });
  return { port, counts };
}

/** A backend that answers everything. */
async function startAlways(t: Test) {
  const counts = { connections: 0 };
  const { port } = await startRawBackend(t, (socket: Socket) => {
    counts.connections++;
    socket.on('data', () => socket.write(okText('always')));
  });
  return { port, counts };
}

t.test('every second connection is found closed, and no GET knows of it', async (t) => {
  const backends = [await startOnce(t), await startOnce(t)];
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port) }]);
  for (let i = 0; i < 60; i++) t.equal((await ask(proxy.port)).status, 200);
  t.same(proxy.signals, [], 'and it speaks against no backend');
});

t.test('where one was found closed a POST gets a fresh one', async (t) => {
  const backend = await startOnce(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  for (let i = 0; i < 2; i++) t.equal((await ask(proxy.port)).status, 200);
  for (let i = 0; i < 20; i++) t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).status, 200);
  t.equal(backend.counts.answered, 22, 'each was executed once');
});

t.test('a POST goes on a connection that was used a moment ago, and on no older one', async (t) => {
  const clock = new FakeClock();
  const backend = await startAlways(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  const post = () => ask(proxy.port, { method: 'POST', body: 'x' });
  const idle = () => eventually('it waits', () => proxy.plane.stats().backends[`test/${backend.port}`]?.idle);
  await post();
  await idle();
  await post();
  t.equal(backend.counts.connections, 1);
  await clock.advance(1_500);
  await post();
  t.equal(backend.counts.connections, 2);
  await clock.advance(1_500);
  await idle();
  await ask(proxy.port);
  t.equal(backend.counts.connections, 2, 'a GET takes what there is');
});

t.test('a request whose connection dies with its backend is not sent there again', async (t) => {
  const [gone, other] = [await startManualBackend(t), await startAlways(t)];
  const proxy = await startProxy(t, [{ backends: [gone.port] }]);
  const client = await connectRaw(t, proxy.port);
  const get = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
  client.send(get);
  await gone.head(0);
  const connection = await gone.connection(0);
  connection.send(okText('before'));
  await responses(client, 1);
  client.received = '';
  connection.received = '';
  client.send(get);
  await gone.head(0);
  proxy.apply({ backends: [{ port: gone.port, flags: ['Draining'] }, other.port] });
  connection.socket.destroy();
  t.match(await responses(client, 1), [{ status: 200, body: 'always' }]);
  t.equal(gone.connections.length, 1);
  t.match(proxy.plane.stats().backends[`test/${gone.port}`], { inFlight: 0 });
});

/**
 * A backend in a thread of its own, which goes on while this one stands still.
 * @param turnsAway so many connections, as soon as they come
 */
async function startOther(t: Test, turnsAway = 0) {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const sockets = new Set();
    const server = require('node:net').createServer((socket) => {
      if (Atomics.sub(workerData, 2, 1) > 0) {
        socket.destroy();
        Atomics.store(workerData, 1, 1);
        return void Atomics.notify(workerData, 1);
      }
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
      socket.on('data', (bytes) => {
        if (!bytes.includes('HTTP/1.1')) return;
        Atomics.add(workerData, 0, 1);
        if (bytes.includes('/leave')) return void socket.destroy();
        socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 1\\r\\n\\r\\nx');
      });
    });
    server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
    parentPort.on('message', () => {
      for (const socket of sockets) socket.destroy();
      Atomics.store(workerData, 1, 1);
      Atomics.notify(workerData, 1);
    });`;
  const shared = new Int32Array(new SharedArrayBuffer(12));
  shared[2] = turnsAway;
  const worker = new Worker(code, { eval: true, workerData: shared });
  t.teardown(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  /** It closes all connections, and this thread has read nothing of that when it goes on. */
  const close = () => {
    worker.postMessage('close');
    untilClosed();
  };
  const untilClosed = () => Atomics.wait(shared, 1, 0, PATIENCE_MS);
  return { port, close, untilClosed, executed: () => Atomics.load(shared, 0) };
}

t.test('a POST that came after the backend had closed was read by nobody, and is sent again', async (t) => {
  const backend = await startOther(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const post = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 4\r\n\r\nbody';
  client.send(post);
  await responses(client, 1);
  client.received = '';
  // The proxy will find the request before the close.
  client.send(post);
  backend.close();
  t.equal((await responses(client, 1))[0]?.status, 200);
  t.equal(backend.executed(), 2);
  t.match(proxy.plane.stats().backends[`test/${backend.port}`], { connectionsOpened: 2, requests: 3 });
  t.same(proxy.signals, [], 'nobody is to blame');
});

t.test('a POST on a new connection that was closed as soon as it came is sent again, too', async (t) => {
  const backend = await startOther(t, 1);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 4\r\n\r\nbody');
  const stats = () => proxy.plane.stats().backends[`test/${backend.port}`];
  while (stats()?.connectionsOpened === 0) await new Promise((resolve) => setImmediate(resolve));
  // The proxy will send the request before it finds the close.
  backend.untilClosed();
  t.equal((await responses(client, 1))[0]?.status, 200);
  t.equal(backend.executed(), 1);
  t.match(stats(), { failures: { 'turned-away': 1 } });
});

t.test('one that was read on a new connection is not', async (t) => {
  const backend = await startOther(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  t.equal((await ask(proxy.port, { method: 'POST', body: 'x', path: '/leave' })).status, 502);
  t.match(proxy.entries.at(-1), { error: 'reset', attempts: 1 });
  t.equal(backend.executed(), 1);
});

t.test('one that was read is not', async (t) => {
  const backend = await startOther(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const post = (path: string) => ask(proxy.port, { method: 'POST', body: 'x', path });
  t.equal((await post('/')).status, 200);
  t.equal((await post('/leave')).status, 502);
  t.match(proxy.entries.at(-1), { error: 'stale-connection', attempts: 1 });
  t.equal(backend.executed(), 2);
});

/** A backend with two connections of the proxy: on one it has a POST that it did not answer. */
async function startWithTwo(t: Test) {
  const leaving = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [leaving.port] }]);
  const clients = [await connectRaw(t, proxy.port), await connectRaw(t, proxy.port)] as const;
  for (const client of clients) client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  const connections = [await leaving.connection(0), await leaving.connection(1)] as const;
  for (const [i, connection] of connections.entries()) {
    await leaving.head(i);
    connection.send(okText('before'));
    connection.received = '';
  }
  for (const client of clients) {
    await responses(client, 1);
    client.received = '';
  }
  const [client] = clients;
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 4\r\n\r\nbody');
  await eventually('it has the POST', () => connections.some(({ received }) => received.includes('body')));
  const [busy, waiting] = connections[0].received === '' ? connections.toReversed() : connections;
  return { leaving, proxy, client, busy: busy?.socket, waiting: waiting?.socket };
}

t.test('a POST that was reset while all that waited was ended in order was read by nobody', async (t) => {
  const { leaving, proxy, client, busy, waiting } = await startWithTwo(t);
  // So does an application that stops, whose kernel resets what it has not read.
  busy?.resetAndDestroy();
  waiting?.destroy();
  await leaving.head(2);
  (await leaving.connection(2)).send(okText('again'));
  t.match(await responses(client, 1), [{ status: 200 }]);
  t.match(proxy.entries.at(-1), { method: 'POST', status: 200 });
});

t.test('one that was reset alone may have been read', async (t) => {
  const { proxy, client, busy } = await startWithTwo(t);
  busy?.resetAndDestroy();
  t.match(await responses(client, 1), [{ status: 502 }]);
  t.match(proxy.entries.at(-1), { error: 'stale-connection', attempts: 1 });
});

t.test('and so may one whose backend resets what waits as well', async (t) => {
  const { proxy, client, busy, waiting } = await startWithTwo(t);
  waiting?.resetAndDestroy();
  busy?.resetAndDestroy();
  t.match(await responses(client, 1), [{ status: 502 }]);
  t.match(proxy.entries.at(-1), { error: 'stale-connection', attempts: 1 });
});
