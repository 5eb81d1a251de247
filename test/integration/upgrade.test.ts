import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import t from 'tap';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { leaveEarly } from '../support/leave-early.ts';
import { startManualBackend } from '../support/manual.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { underWay, untilQuiet } from '../support/quiet.ts';
import { openTunnel, SWITCH, UPGRADE } from '../support/tunnel.ts';
import { steady } from '../support/wait.ts';
import { closed, nextMessage, openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

t.test('messages are echoed: text, binary, large and in fragments', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const socket = await openWebSocket(t, proxy.port, '/chat?room=1', ['one', 'two']);
  t.equal(socket.protocol, 'one');
  t.match(backend.requests[0], {
    url: '/chat?room=1',
    headers: { host: 'test.localhost', 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' },
  });
  socket.send('hello');
  t.same(await nextMessage(socket), { bytes: Buffer.from('hello'), isBinary: false });
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 5_000_000]) {
    const bytes = randomBytes(size);
    socket.send(bytes);
    const answer = await nextMessage(socket);
    t.equal(answer.isBinary, true);
    t.ok(answer.bytes.equals(bytes), `${size} bytes`);
  }
  for (const part of ['one ', 'two ', 'three']) socket.send(part, { fin: part === 'three' });
  t.equal(String((await nextMessage(socket)).bytes), 'one two three');
  socket.ping('are you there');
  t.equal(String((await once(socket, 'pong'))[0]), 'are you there');
});

t.test('while it is open it counts as in flight, and afterwards as nothing', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const socket = await openWebSocket(t, proxy.port);
  t.equal(underWay(proxy), 3, 'a connection, an exchange, and a tunnel');
  t.equal(proxy.entries.length, 0);
  socket.close();
  await untilQuiet(proxy);
  t.match(proxy.entries, [{ status: 101, error: '', attempts: 1 }]);
});

t.test('whoever closes, the other learns with which code', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const byClient = await openWebSocket(t, proxy.port);
  const [here] = backend.sockets;
  if (here === undefined) throw new Error('no socket');
  byClient.close(4_001, 'bye');
  t.same(await closed(here), [4_001, 'bye']);
  const byBackend = await openWebSocket(t, proxy.port);
  const seen = closed(byBackend);
  for (const socket of backend.sockets) socket.close(4_002, 'enough');
  t.same(await seen, [4_002, 'enough']);
  await untilQuiet(proxy);
});

t.test('a connection that breaks on one side ends on the other', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const gone = await openWebSocket(t, proxy.port);
  const [here] = backend.sockets;
  if (here === undefined) throw new Error('no socket');
  gone.terminate();
  t.same(await closed(here), [1_006, '']);
  const left = await openWebSocket(t, proxy.port);
  const seen = closed(left);
  for (const socket of backend.sockets) socket.terminate();
  t.same(await seen, [1_006, '']);
  await untilQuiet(proxy);
});

t.test('many at a time keep to themselves', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const sockets = await Promise.all(Array.from({ length: 30 }, () => openWebSocket(t, proxy.port)));
  t.equal(underWay(proxy), 90);
  const answers = await Promise.all(
    sockets.map(async (socket, i) => {
      socket.send(`${i}`.repeat(10_000));
      return String((await nextMessage(socket)).bytes) === `${i}`.repeat(10_000);
    }),
  );
  t.notOk(answers.includes(false));
  for (const socket of sockets) socket.close();
  await untilQuiet(proxy);
  t.equal(proxy.entries.length, 30);
});

t.test('any protocol can be switched to, and bytes before the 101 wait for it', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${UPGRADE}early`);
  const head = await backend.head(0);
  t.match(head, /^GET \/x HTTP\/1\.1\r\n/);
  t.match(head, /^upgrade: foo\/1\r$/im);
  t.match(head, /^connection: Upgrade\r$/im);
  t.notMatch(head, /x_y/i);
  client.send(' and later');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const connection = await backend.connection(0);
  t.ok(connection.received.endsWith('\r\n\r\n'), 'nothing but the head was passed on');
  connection.send(`${SWITCH}welcome`);
  await connection.until((received) => received.endsWith('early and later'), 'the bytes');
  t.match(
    await client.until((received) => received.endsWith('welcome'), 'the welcome'),
    /^x-latin: \xe9\r$/im,
  );
  client.send('\0\xff raw');
  await connection.until((received) => received.endsWith('\0\xff raw'), 'more bytes');
  client.socket.end();
  await connection.untilClosed();
  await untilQuiet(proxy);
});

t.test('HTTP/2 is not switched to: the request is one like any other', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  for (const protocols of ['h2c', 'h2', 'h2c, h2']) {
    const client = await connectRaw(t, proxy.port);
    client.send(
      UPGRADE.replace('Foo/1', protocols).replace(
        'Upgrade\r\n',
        'Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n',
      ),
    );
    const index = backend.connections.length;
    t.notMatch(await backend.head(index), /upgrade|http2/i);
    client.socket.destroy();
  }
  t.equal(proxy.plane.stats().upgrades, 0);
});

t.test('what follows a joined connection stays there', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(UPGRADE);
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send(SWITCH);
  await client.until((received) => received.includes('\r\n\r\n'), '101');
  const canary = 'GET /canary HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
  client.send(canary);
  await connection.until((received) => received.endsWith(canary), 'the bytes');
  const { idle, inFlight } = proxy.plane.stats().backends[`test/${backend.port}`] ?? {};
  t.same([idle, inFlight, backend.connections.length], [0, 1, 1]);
});

/** What may be under way: two kernel buffers for each of two connections, and what the proxy holds. */
const MOST = 24_000_000;
const SIZE = 100_000_000;

t.test(
  'an end of a tunnel that does not read stops the other, and gets everything once it reads',
  async (t) => {
    for (const isFromClient of [true, false]) {
      const { client, backend } = await openTunnel(t);
      const [from, to] = isFromClient ? [client, backend] : [backend, client];
      const pattern = new Pattern();
      const production: Production = produce(from, pattern, SIZE);
      await eventually('a beginning', () => production.accepted() > 100_000);
      const accepted = await steady(production.accepted);
      t.ok(accepted < MOST, `${accepted} bytes were taken`);
      production.done.then(() => from.end());
      pattern.checkAll(to);
      await once(to, 'end');
      t.equal(pattern.checked, SIZE);
      t.ok(pattern.isIntact, 'every byte is where it belongs');
    }
  },
);

t.test('a client that has said all it has to say still hears the answer', async (t) => {
  const { proxy, client, backend } = await openTunnel(t);
  backend.resume();
  client.end('a question');
  await once(backend, 'end');
  const pattern = new Pattern();
  pattern.checkAll(client);
  await produce(backend, pattern, 5_000_000).done;
  backend.end();
  await once(client, 'end');
  t.equal(pattern.checked, 5_000_000);
  t.ok(pattern.isIntact);
  await untilQuiet(proxy);
});

t.test('one that is silent stays, also where clients before it did not wait for their answers', async (t) => {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  await leaveEarly(t, proxy, backend);
  const client = await connectRaw(t, proxy.port);
  client.send(UPGRADE);
  await backend.head(1);
  (await backend.connection(1)).send(SWITCH);
  await client.until((received) => received.includes('101'), 'the switch');
  await clock.advance(200_000);
  t.equal(client.isClosed, false);
  t.equal(proxy.entries.length, 1);
});
