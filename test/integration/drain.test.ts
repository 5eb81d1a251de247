import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { connectRaw, RawClient } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses, responses } from '../support/responses.ts';
import { nextMessage, openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

t.test('a backend that leaves finishes what it has, and gets nothing new', async (t) => {
  const clock = new FakeClock();
  const [leaving, staying] = [await startManualBackend(t), await startManualBackend(t)];
  const proxy = await startProxy(t, [{ backends: [leaving.port] }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await leaving.head(0);
  proxy.apply({ backends: [staying.port] });
  await clock.advance(9_000);
  (await leaving.connection(0)).send(okText('old'));
  t.equal((await responses(client, 1))[0]?.body, 'old');
  await (await leaving.connection(0)).untilClosed();
  client.received = '';
  client.send(GET);
  await staying.head(0);
  t.equal(leaving.connections.length, 1);
});

t.test('what it has not finished in its time is cut off, or tried elsewhere', async (t) => {
  const clock = new FakeClock();
  const [leaving, staying] = [await startManualBackend(t), await startManualBackend(t)];
  const proxy = await startProxy(t, [{ backends: [leaving.port] }], {}, clock);
  const [waiting, begun] = [await connectRaw(t, proxy.port), await connectRaw(t, proxy.port)];
  waiting.send(GET);
  await leaving.head(0);
  begun.send(GET);
  await leaving.head(1);
  (await leaving.connection(1)).send('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome');
  await begun.until((received) => received.endsWith('some'), 'a beginning');
  proxy.apply({ backends: [staying.port] });
  await clock.advance(10_100);
  t.same(parseResponses(await begun.untilClosed(), true), []);
  await staying.head(0);
  (await staying.connection(0)).send(okText('new'));
  t.equal((await responses(waiting, 1))[0]?.body, 'new');
});

t.test('an event on one backend never cuts a WebSocket on another', async (t) => {
  const [one, two] = [await startWebSocketBackend(t, 'one'), await startWebSocketBackend(t, 'two')];
  const proxy = await startProxy(t, [{ backends: [one.port] }]);
  const socket = await openWebSocket(t, proxy.port);
  proxy.apply({ backends: [one.port, two.port] });
  proxy.apply({ backends: [{ port: one.port, flags: ['FailedCheck'] }, two.port] });
  proxy.apply({ backends: [one.port], settings: { balance: 'random' } });
  socket.send('still here');
  t.equal(String((await nextMessage(socket)).bytes), 'still here');
});

t.test('a WebSocket on a backend that leaves ends with its drain, and is counted off', async (t) => {
  const clock = new FakeClock();
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port], settings: { drainMs: 5_000 } }], {}, clock);
  const socket = await openWebSocket(t, proxy.port);
  const closed = once(socket, 'close');
  proxy.apply({ backends: [], settings: { drainMs: 5_000 } });
  await clock.advance(4_000);
  socket.send('still here');
  t.equal(String((await nextMessage(socket)).bytes), 'still here');
  await clock.advance(1_100);
  await closed;
  await eventually('its end', () => proxy.entries.length === 1 && backend.sockets.size === 0);
  t.match(proxy.plane.stats(), { upgrades: 0, clientConnections: 0 });
});

t.test('an upgrade that a leaving backend has not answered is tried elsewhere', async (t) => {
  const clock = new FakeClock();
  const [leaving, staying] = [await startManualBackend(t), await startManualBackend(t)];
  const proxy = await startProxy(t, [{ backends: [leaving.port] }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(UPGRADE);
  await leaving.head(0);
  proxy.apply({ backends: [staying.port] });
  await clock.advance(10_100);
  await staying.head(0);
  (await staying.connection(0)).send(SWITCH);
  await client.until((received) => received.startsWith('HTTP/1.1 101 '), '101');
});

t.test('a joined connection of which one side has closed ends, though the other does not', async (t) => {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  const client = new RawClient(socket);
  client.send(UPGRADE);
  await backend.head(0);
  (await backend.connection(0)).send(`${SWITCH}last`);
  await client.until((received) => received.endsWith('last'), 'the last bytes');
  (await backend.connection(0)).socket.destroy();
  await once(socket, 'end');
  client.send('nobody reads this');
  await clock.advance(2_300);
  await eventually('its end', () => proxy.plane.stats().clientConnections === 0);
  t.match(proxy.entries, [{ status: 101 }]);
  t.equal(proxy.plane.stats().backends[`test/${backend.port}`]?.inFlight, 0);
});

t.test('a backend that is out keeps no waiting connections', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send(okText('x'));
  await responses(client, 1);
  proxy.apply({ backends: [{ port: backend.port, flags: ['Maintenance'] }] });
  await connection.untilClosed();
  t.equal((await exchange(client, GET)).status, 503);
});
