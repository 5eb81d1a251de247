import { once } from 'node:events';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses, responses } from '../support/responses.ts';
import { nextMessage, openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';

/** A proxy that is about to stop, with a backend that does nothing by itself. */
async function makeScene(t: Test) {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  let isStopped = false;
  const stop = (graceMs: number) => {
    const stopped = proxy.plane.stop(graceMs);
    stopped.then(() => {
      isStopped = true;
    });
    return stopped;
  };
  return { clock, backend, proxy, stop, isStopped: () => isStopped };
}

t.test('a download that runs is finished, and then the process may end', async (t) => {
  const { clock, backend, proxy, stop, isStopped } = await makeScene(t);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome');
  await client.until((received) => received.endsWith('some'), 'a beginning');
  const stopped = stop(30_000);
  await clock.advance(20_000);
  t.equal(isStopped(), false);
  connection.send('more');
  t.match(parseResponses(await client.untilClosed(), true), [{ status: 200, body: 'somemore' }]);
  await stopped;
  await connection.untilClosed();
});

t.test('what begins to be answered meanwhile is told that the connection ends', async (t) => {
  const { backend, proxy, stop } = await makeScene(t);
  const client = await connectRaw(t, proxy.port);
  client.send(GET + GET);
  await backend.head(0);
  const stopped = stop(30_000);
  (await backend.connection(0)).send(okText('x'));
  const found = parseResponses(await client.untilClosed(), true);
  t.match(found, [{ status: 200, body: 'x', headers: { connection: 'close' } }]);
  t.equal(found.length, 1, 'what was asked behind it is not begun');
  await stopped;
});

t.test('new connections are refused', async (t) => {
  const { backend, proxy, stop } = await makeScene(t);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  const stopped = stop(30_000);
  const [error] = await once(connect(proxy.port, '127.0.0.1'), 'error');
  t.equal(error.code, 'ECONNREFUSED');
  (await backend.connection(0)).send(okText('x'));
  await stopped;
});

t.test('an idle connection ends soon, and one more request on it is answered', async (t) => {
  const { clock, proxy, stop } = await makeScene(t);
  const [idle, late] = [await connectRaw(t, proxy.port), await connectRaw(t, proxy.port)];
  const ask = GET.replace('test.', 'nobody.');
  for (const client of [idle, late]) t.equal((await exchange(client, ask)).status, 404);
  const stopped = stop(30_000);
  t.match(await exchange(late, ask), { status: 404, headers: { connection: 'close' } });
  await clock.advance(1_500);
  await Promise.all([idle.untilClosed(), late.untilClosed(), stopped]);
});

t.test('what outlives the grace is cut off or told, and has its line in the log', async (t) => {
  const { clock, backend, proxy, stop, isStopped } = await makeScene(t);
  const clients = [];
  for (const [i, begun] of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome'].entries()) {
    const client = await connectRaw(t, proxy.port);
    client.send(GET);
    await backend.head(i);
    (await backend.connection(i)).send(begun);
    if (begun !== '') await client.until((received) => received.endsWith('some'), 'a beginning');
    clients.push(client);
  }
  const stopped = stop(5_000);
  await clock.advance(4_900);
  t.equal(isStopped(), false);
  await clock.advance(200);
  await stopped;
  t.match(
    proxy.entries,
    [
      { status: 503, isCut: false, error: 'grace-over', detail: /grace/ },
      { status: 200, isCut: true, error: 'grace-over', bytes: 4 },
    ],
    'as soon as it has stopped',
  );
  const [waiting, begun] = await Promise.all(clients.map((client) => client.untilClosed()));
  t.match(parseResponses(waiting as string, true), [{ status: 503, headers: { connection: 'close' } }]);
  t.same(parseResponses(begun as string, true), []);
  for (const connection of backend.connections) await connection.untilClosed();
});

t.test('a stop without anything to wait for is done at once, and closes what waits', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  await exchange(client, GET);
  client.socket.destroy();
  await eventually('its end', () => proxy.plane.stats().clientConnections === 0);
  await proxy.plane.stop(60_000);
  backend.server.close();
  await once(backend.server, 'close');
  t.equal(proxy.plane.stats().backends[`test/${backend.port}`]?.idle, 0);
});

t.test('an open WebSocket keeps the process until the grace is over', async (t) => {
  const clock = new FakeClock();
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  const socket = await openWebSocket(t, proxy.port);
  const stopped = proxy.plane.stop(5_000);
  await clock.advance(4_000);
  socket.send('still here');
  t.equal(String((await nextMessage(socket)).bytes), 'still here');
  const closed = once(socket, 'close');
  await clock.advance(1_100);
  await stopped;
  // Of the echo: two bytes of a frame's head and the text.
  t.match(proxy.entries, [{ status: 101, isCut: true, error: 'grace-over', bytes: 12, durationMs: 5_000 }]);
  await closed;
  await eventually('the backend’s side', () => backend.sockets.size === 0);
  t.equal(proxy.entries.length, 1);
});

t.test('a stop while a body is sent lets it arrive', async (t) => {
  const { backend, proxy, stop } = await makeScene(t);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 8\r\n\r\nsome');
  const connection = await backend.connection(0);
  await connection.until((received) => received.endsWith('some'), 'a beginning');
  const stopped = stop(30_000);
  client.send('more');
  await connection.until((received) => received.endsWith('somemore'), 'the rest');
  connection.send(okText('x'));
  t.match(await responses(client, 1), [{ status: 200, headers: { connection: 'close' } }]);
  await stopped;
});
