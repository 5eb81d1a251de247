import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { deadPort, startBackend, startRawBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { parseResponses, responses } from '../support/responses.ts';
import { steady } from '../support/wait.ts';
import { nextMessage, openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

const UPGRADE =
  'GET /x HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nConstructor: x\r\n\r\n';

t.test('a backend that refuses is heard, whatever it says, and the connection ends', async (t) => {
  for (const [answer, status, body] of [
    ['HTTP/1.1 403 No\r\nContent-Length: 4\r\nX-Why: caf\xe9\r\n\r\nnope', 403, 'nope'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n', 200, 'yes'],
    ['HTTP/1.1 204 None\r\n\r\n', 204, ''],
    ['HTTP/1.1 304 Same\r\nEtag: "x"\r\n\r\n', 304, ''],
    ['HTTP/1.1 200 OK\r\n\r\nuntil the end', 200, 'until the end'],
  ] as const) {
    const { port } = await startRawBackend(t, (socket) =>
      socket.once('data', () => socket.end(answer, 'latin1')),
    );
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send(UPGRADE);
    const found = parseResponses(await client.untilClosed(), true);
    t.match(found, [{ status, body, headers: { connection: 'close' } }]);
    if (status === 403) t.equal(found[0]?.headers['x-why'], 'caf\xe9');
    await untilQuiet(proxy);
    t.match(proxy.entries, [{ status, bytes: body.length, error: '' }]);
  }
});

t.test('a WebSocket client sees the refusal', async (t) => {
  const backend = await startBackend(t, 'a', (_request, response) => response.end('plain'));
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}`, { headers: { host: 'test.localhost' } });
  const [, response] = await once(socket, 'unexpected-response');
  t.equal(response.statusCode, 200);
  socket.on('error', () => {}).terminate();
});

t.test('a large answer instead of the upgrade is passed on no faster than the client takes it', async (t) => {
  const size = 100_000_000;
  const pattern = new Pattern();
  let production: Production | undefined;
  const backend = await startBackend(t, 'a', async (_request, response) => {
    response.setHeader('content-length', size);
    production = produce(response, pattern, size);
    await production.done;
    response.end();
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.socket.removeAllListeners('data').pause();
  client.send(UPGRADE);
  await eventually('a beginning', () => (production?.accepted() ?? 0) > 100_000);
  const accepted = await steady(() => production?.accepted() ?? 0);
  t.ok(accepted < 24_000_000, `${accepted} bytes were taken`);
  let headEnd = -1;
  client.socket.on('data', (bytes: Buffer) => {
    const from = headEnd === -1 ? bytes.indexOf('\r\n\r\n') + 4 : 0;
    headEnd = 0;
    pattern.check(bytes.subarray(from));
  });
  client.socket.resume();
  await client.untilClosed();
  t.equal(pattern.checked, size);
  t.ok(pattern.isIntact);
});

t.test('an answer that breaks off is cut off', async (t) => {
  for (const framing of [
    'Content-Length: 9\r\n\r\nsome',
    'Transfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n',
  ]) {
    const { port } = await startRawBackend(t, (socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${framing}`)),
    );
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send(UPGRADE);
    t.same(parseResponses(await client.untilClosed(), true), []);
    await untilQuiet(proxy);
    t.match(proxy.entries, [{ error: 'reset' }]);
  }
});

t.test('a dead backend, and one that resets, are followed by another', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const resetting = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const dead = await deadPort();
  const backends = [dead, resetting.port, { port: backend.port, backup: true }];
  // Never ejected, so that each request meets them.
  const proxy = await startProxy(t, [{ backends, settings: { eject: { failures: 0 } } }]);
  for (let i = 0; i < 4; i++) {
    const socket = await openWebSocket(t, proxy.port);
    socket.send('hello');
    t.equal(String((await nextMessage(socket)).bytes), 'hello');
    socket.close();
  }
  await untilQuiet(proxy);
  t.ok(proxy.entries.every(({ attempts, status }) => attempts === 3 && status === 101));
});

t.test('bytes that came with the request survive the tries', async (t) => {
  const backend = await startManualBackend(t);
  const backends = [await deadPort(), await deadPort(), { port: backend.port, backup: true }];
  const proxy = await startProxy(t, [{ backends }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${UPGRADE}early`);
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send('HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await connection.until((received) => received.endsWith('\r\n\r\nearly'), 'the bytes');
});

t.test('a backend that does not answer the upgrade in time is followed by another', async (t) => {
  const clock = new FakeClock();
  const [silent, other] = [await startManualBackend(t), await startManualBackend(t)];
  const settings = { timeouts: { connectMs: 1_000 }, retry: { timeoutMs: 4_000 } };
  const backends = [silent.port, { port: other.port, backup: true }];
  const proxy = await startProxy(t, [{ backends, settings }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(UPGRADE);
  await silent.head(0);
  // It connected at once: the time that this may take is not given to the response.
  await clock.advance(3_800);
  t.equal(other.connections.length, 0);
  await clock.advance(400);
  await other.head(0);
  t.equal(client.isClosed, false, 'the client is not cut off with the try');
  (await other.connection(0)).send(okText('no'));
  t.match(await responses(client, 1), [{ status: 200, body: 'no' }]);
  t.same(proxy.plane.stats().backends[`test/${silent.port}`]?.failures, { 'response-timeout': 1 });
});

t.test('when nobody answers, the client is told, and may not go on', async (t) => {
  const resetting = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  for (const [backends, status] of [
    [[], 503],
    [[await deadPort(), await deadPort()], 502],
    [[resetting.port], 502],
  ] as const) {
    const proxy = await startProxy(t, [{ backends }]);
    const client = await connectRaw(t, proxy.port);
    client.send(UPGRADE);
    const [response] = await responses(client, 1);
    t.equal(response?.status, status);
    if (backends.length > 0) {
      t.equal(response?.headers['connection'], 'close');
      await client.untilClosed();
    }
    client.socket.destroy();
    await untilQuiet(proxy);
    t.equal(proxy.entries.length, 1);
  }
});

t.test('a status that the policy names is retried, and a fallback answers for it', async (t) => {
  const bad = await startBackend(t, 'bad', (_request, response) => {
    response.statusCode = 503;
    response.end();
  });
  const backend = await startWebSocketBackend(t, 'a');
  const settings = { retry: { on: { reset: true, timeout: true, status: [[500, 599]] as const } } };
  const proxy = await startProxy(t, [
    { backends: [bad.port, { port: backend.port, backup: true }], settings },
  ]);
  const socket = await openWebSocket(t, proxy.port);
  socket.send('hello');
  t.equal(String((await nextMessage(socket)).bytes), 'hello');
  const site = await startBackend(t, 'site');
  const url = `http://127.0.0.1:${site.port}`;
  const down = await startProxy(t, [
    { backends: [await deadPort()], settings: { fallback: [{ kind: 'url', url }] } },
  ]);
  const client = await connectRaw(t, down.port);
  client.send(UPGRADE);
  t.match(parseResponses(await client.untilClosed(), true), [{ status: 200, body: 'site' }]);
});

t.test('a client that goes away before the answer takes the request with it', async (t) => {
  for (const leave of ['destroy', 'resetAndDestroy', 'end'] as const) {
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send(UPGRADE);
    await backend.head(0);
    client.socket[leave]();
    await (await backend.connection(0)).untilClosed();
    await untilQuiet(proxy);
    t.match(proxy.entries, [{ status: 499, error: 'client-gone' }], leave);
  }
});
