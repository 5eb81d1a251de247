import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { connectRaw, RawClient } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { type ManualBackend, okText, startManualBackend } from '../support/manual.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { exchange, parseResponses } from '../support/responses.ts';
import { steady } from '../support/wait.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const OPTIONS = { headerTimeout: 10_000, bodyTimeout: 30_000, idleTimeout: 75_000 };

interface Scene {
  readonly clock: FakeClock;
  readonly backend: ManualBackend;
  readonly proxy: TestProxy;
  readonly client: RawClient;
}

/** A proxy whose time the test moves, with a backend and one client. */
async function makeScene(t: Test, minBodyRate = 0): Promise<Scene> {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const settings = { timeouts: { responseMs: 0, idleMs: 0 } };
  const proxy = await startProxy(
    t,
    [{ backends: [backend.port], settings }],
    { ...OPTIONS, minBodyRate },
    clock,
  );
  const client = await connectRaw(t, proxy.port);
  await eventually('the connection', () => proxy.plane.stats().clientConnections === 1);
  return { clock, backend, proxy, client };
}

/** Moves time on until after `ms`, but not so far that the end of lingering comes. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  await clock.advance(ms - 200);
  await clock.advance(300);
}

async function answers(client: RawClient, ...statuses: number[]): Promise<boolean> {
  const found = parseResponses(await client.untilClosed(), true).map(({ status }) => status);
  return found.join() === statuses.join();
}

t.test('a head that does not become whole is answered 408, however slowly it comes', async (t) => {
  const { clock, client, proxy } = await makeScene(t);
  client.send('GET / HT');
  await clock.advance(5_000);
  client.send('TP/1.1\r\n');
  await clock.advance(4_700);
  client.send('X: y\r\n');
  await clock.advance(0);
  t.equal(client.isClosed, false);
  await pass(clock, 500);
  client.socket.end();
  t.ok(await answers(client, 408));
  t.equal(proxy.plane.stats().unrouted[408], 1);
});

t.test('a thousand slow heads hold nobody up, and all of them are let go in time', async (t) => {
  const { clock, client, backend, proxy } = await makeScene(t);
  const slow = await Promise.all(Array.from({ length: 1_000 }, () => connectRaw(t, proxy.port)));
  for (const one of slow) one.send('GET / HTTP/1.1\r\nX: ');
  const isPast = () => proxy.plane.stats().clientConnections === 1_001;
  await eventually('all connections', isPast);
  for (let i = 0; i < 9; i++) {
    await clock.advance(1_000);
    for (const one of slow) one.send('y');
  }
  client.send(GET);
  await backend.head(0);
  (await backend.connection(0)).send(okText('x'));
  await client.until((received) => received.endsWith('x'), 'the response to another');
  await pass(clock, 1_000);
  for (const one of slow) one.socket.end();
  const ends = await Promise.all(slow.map((one) => answers(one, 408)));
  t.equal(ends.filter((isAnswered) => isAnswered).length, 1_000);
  await eventually('their end', () => proxy.plane.stats().clientConnections === 1);
});

t.test('a head that follows another has its own time', async (t) => {
  const { clock, client, backend } = await makeScene(t);
  client.send(`${GET}GET / HTTP/1.1\r\n`);
  await backend.head(0);
  await clock.advance(60_000);
  (await backend.connection(0)).send(okText('x'));
  await client.until((received) => received.endsWith('x'), 'the response');
  await clock.advance(9_000);
  t.equal(client.isClosed, false);
  await pass(clock, 1_000);
  client.socket.end();
  t.ok(await answers(client, 200, 408));
});

t.test('a body that stops coming is answered 408, one that keeps coming is not', async (t) => {
  const { clock, client, backend } = await makeScene(t);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 100\r\n\r\n');
  await backend.head(0);
  const connection = await backend.connection(0);
  for (let i = 0; i < 4; i++) {
    await clock.advance(29_000);
    client.send('x');
    const length = connection.received.length;
    await connection.until((received) => received.length > length, 'the byte');
  }
  t.equal(client.isClosed, false);
  await pass(clock, 30_000);
  client.socket.end();
  t.ok(await answers(client, 408));
  await connection.untilClosed();
});

const UPLOAD = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 100000000\r\n\r\n';

t.test('a body of which a byte comes now and then is answered 408', async (t) => {
  const { clock, client, backend } = await makeScene(t, 240);
  client.send(UPLOAD);
  await backend.head(0);
  for (let i = 0; i < 8 && !client.received.includes('408'); i++) {
    client.send('x');
    await clock.advance(5_000);
  }
  client.socket.end();
  t.ok(await answers(client, 408));
});

t.test('one that comes at a modest rate is not, nor one that waits for the backend to take it', async (t) => {
  const { clock, client, backend } = await makeScene(t, 240);
  client.send(UPLOAD);
  await backend.head(0);
  const connection = await backend.connection(0);
  for (let i = 0; i < 30; i++) {
    const length = connection.received.length;
    client.send('x'.repeat(2_500));
    await connection.until((received) => received.length === length + 2_500, 'the piece');
    await clock.advance(10_000);
  }
  connection.socket.pause();
  client.send('x'.repeat(20_000_000));
  await eventually('a halt', () => client.socket.writableLength > 0);
  await steady(() => client.socket.writableLength);
  await clock.advance(600_000);
  t.equal(client.isClosed, false);
  t.equal(client.received, '');
  connection.socket.resume();
  await connection.until((received) => received.length > 20_000_000, 'the rest');
});

t.test('a client that is answered while it sends may say little', async (t) => {
  const { clock, client, backend } = await makeScene(t, 240);
  client.send(UPLOAD);
  await backend.head(0);
  const connection = await backend.connection(0);
  await clock.advance(20_000);
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome');
  await client.until((received) => received.endsWith('some'), 'a beginning');
  for (let i = 0; i < 5; i++) {
    await clock.advance(25_000);
    client.send('x');
    const length = connection.received.length;
    await connection.until((received) => received.length > length, 'the byte');
  }
  connection.send('thing');
  await client.until((received) => received.endsWith('something'), 'all of it');
});

t.test('a body that stops coming after the answer has begun cuts the answer', async (t) => {
  const { clock, client, backend } = await makeScene(t);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 100\r\n\r\nx');
  await backend.head(0);
  (await backend.connection(0)).send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome');
  await client.until((received) => received.endsWith('some'), 'a beginning');
  await pass(clock, 30_000);
  await client.untilClosed();
  await (await backend.connection(0)).untilClosed();
});

t.test('an idle connection ends, after its time and not before', async (t) => {
  const { clock, client, backend } = await makeScene(t);
  await clock.advance(74_000);
  client.send(GET);
  await backend.head(0);
  (await backend.connection(0)).send(okText('x'));
  await client.until((received) => received.endsWith('x'), 'the response');
  await clock.advance(74_000);
  t.equal(client.isClosed, false);
  await pass(clock, 1_000);
  t.ok(await answers(client, 200), 'and nothing is said');
});

t.test('a client that takes nothing more is cut off', async (t) => {
  const { clock, client, backend, proxy } = await makeScene(t);
  client.socket.pause();
  client.send(GET);
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(30_000_000)}`);
  await eventually('a halt', () => connection.socket.writableLength > 0);
  await clock.advance(1_000);
  await pass(clock, 30_000);
  await connection.untilClosed();
  t.match(proxy.entries, [{ status: 200, error: 'client-stalled' }]);
  t.equal(proxy.plane.stats().clientConnections, 0);
});

t.test('a client that lingers after its last answer is let go', async (t) => {
  const { clock, proxy } = await makeScene(t);
  // One that does not close when we do.
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  const client = new RawClient(socket);
  client.send('GET / HTTP/1.1\r\n\r\n');
  await client.until((received) => received.includes('400'), 'the answer');
  await clock.advance(1_500);
  client.send('more');
  t.equal(proxy.plane.stats().clientConnections, 2, 'not at once, so that it can read the answer');
  await clock.advance(800);
  t.equal(proxy.plane.stats().clientConnections, 1);
});

t.test('time that the backend takes is not held against the client', async (t) => {
  const { clock, client, backend } = await makeScene(t);
  client.send(`POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 2\r\n\r\nxx`);
  await backend.head(0);
  await clock.advance(500_000);
  (await backend.connection(0)).send(okText('x'));
  await client.until((received) => received.endsWith('x'), 'the response');
  t.equal(
    (await exchange(client, 'GET / HTTP/1.1\r\nHost: nobody\r\n\r\n')).status,
    404,
    'the connection stays',
  );
});
