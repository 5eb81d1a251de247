import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { DataOptions } from '../../src/data/settings.ts';
import { startBackend } from '../support/backend.ts';
import { connectRaw, RawClient } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';

/** A proxy with these limits, whose time the test moves and whose requests it answers. */
async function makeScene(t: Test, options: Partial<DataOptions>) {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], options, clock);
  const stats = () => proxy.plane.stats();
  /** A client whose request is on its way to the backend and stays there. */
  const busy = async () => {
    const client = await connectRaw(t, proxy.port);
    const index = backend.connections.length;
    client.send(GET);
    await backend.head(index);
    const answer = async () => (await backend.connection(index)).send(okText('x', 'Connection: close'));
    return { client, answer };
  };
  /** A client that the proxy knows of. */
  const idle = async () => {
    const before = stats().clientConnectionsTotal;
    const client = await connectRaw(t, proxy.port);
    await eventually('the connection', () => stats().clientConnectionsTotal === before + 1);
    return client;
  };
  /** A client that has been answered and stays. */
  const asked = async () => {
    const client = await connectRaw(t, proxy.port);
    const index = backend.connections.length;
    client.send(GET);
    await backend.head(index);
    (await backend.connection(index)).send(okText('x', 'Connection: close'));
    await responses(client, 1);
    client.received = '';
    return client;
  };
  return { clock, proxy, busy, idle, asked, stats };
}

/** The statuses of all that a client got until its connection was closed. */
async function refusal(client: RawClient): Promise<number[]> {
  client.socket.end();
  return parseResponses(await client.untilClosed(), true).map(({ status }) => status);
}

t.test(
  'when all connections are busy a new one is answered 503, and those that are served stay',
  async (t) => {
    const { busy, idle, stats, proxy } = await makeScene(t, { maxConnections: 2 });
    const served = [await busy(), await busy()];
    const tooMany = await idle();
    tooMany.send(GET);
    const [answer] = await responses(tooMany, 1);
    t.match(answer, { status: 503, headers: { connection: 'close', 'retry-after': '5' } });
    t.same(await refusal(tooMany), [503]);
    t.match(stats(), { clientConnections: 2, clientsRefusedFull: 1, clientsClosedIdle: 0 });
    t.match(proxy.entries, [{ status: 503, error: 'overloaded' }]);
    for (const { client, answer } of served) {
      await answer();
      t.equal((await responses(client, 1))[0]?.status, 200);
    }
    served[0]?.client.socket.destroy();
    await eventually('a free place', () => stats().clientConnections === 1);
    const { client, answer: respond } = await busy();
    await respond();
    t.equal((await responses(client, 1))[0]?.status, 200, 'a place that became free is taken');
  },
);

t.test('the connection that was idle for longest makes room for a new one', async (t) => {
  const { clock, idle, busy, stats } = await makeScene(t, { maxConnections: 3 });
  const running = await busy();
  const oldest = await idle();
  await clock.advance(2_000);
  const younger = await idle();
  await clock.advance(2_000);
  const served = await busy();
  t.equal(await oldest.untilClosed(), '', 'and nothing is said to it');
  t.match(stats(), { clientConnections: 3, clientsClosedIdle: 1, clientsRefusedFull: 0 });
  for (const { client, answer } of [running, served]) {
    await answer();
    t.equal((await responses(client, 1))[0]?.status, 200);
  }
  t.notOk(younger.isClosed);
});

t.test('who never asked makes room before who did, however old that connection is', async (t) => {
  const { clock, idle, busy, asked, stats } = await makeScene(t, { maxConnections: 3 });
  const clients = [await asked(), await asked()];
  await clock.advance(60_000);
  const silent = await idle();
  await clock.advance(1_500);
  await busy();
  t.equal(await silent.untilClosed(), '');
  t.notOk(clients.some(({ isClosed }) => isClosed));
  const [next] = clients as [RawClient];
  await busy();
  t.equal(await next.untilClosed(), '', 'then the one that has not asked for longest');
  t.match(stats(), { clientConnections: 3, clientsClosedIdle: 2 });
});

t.test('who asked within the last seconds is not closed for another', async (t) => {
  const { clock, idle, asked } = await makeScene(t, { maxConnections: 2 });
  const clients = [await asked(), await asked()];
  await clock.advance(4_000);
  const newcomer = await idle();
  newcomer.send(GET);
  t.equal((await responses(newcomer, 1))[0]?.status, 503);
  t.notOk(
    clients.some(({ isClosed }) => isClosed),
    'its next request may be under way',
  );
});

t.test('a newcomer waits for a place for a moment, and is told when there is none', async (t) => {
  const { clock, idle, busy, stats } = await makeScene(t, { maxConnections: 2 });
  const served = [await busy(), await busy()];
  const waiting = [await idle(), await idle()];
  await clock.advance(1_500);
  served[0]?.client.socket.resetAndDestroy();
  await eventually(
    'a place for it',
    () => stats().clientConnections === 2 && stats().clientsRefusedFull === 0,
  );
  await clock.advance(1_000);
  t.same(await refusal(waiting[1] as RawClient), [503], 'the other has waited for long enough');
  t.notOk(waiting[0]?.isClosed);
  t.match(stats(), { clientConnections: 2, clientsRefusedFull: 1 });
});

t.test('a newcomer that asks takes the place of one that never did, be it only a moment old', async (t) => {
  const { idle, busy, stats } = await makeScene(t, { maxConnections: 3 });
  const before = await busy();
  const silent = [await idle(), await idle()];
  const { client, answer } = await busy();
  t.equal(await silent[0]?.untilClosed(), '', 'the oldest of them');
  t.notOk(silent[1]?.isClosed);
  for (const { client: one, answer: respond } of [before, { client, answer }]) {
    await respond();
    t.equal((await responses(one, 1))[0]?.status, 200);
  }
  t.match(stats(), { clientsClosedIdle: 1, clientsRefusedFull: 0 });
});

t.test('a head, a response or another protocol that is under way is never closed for room', async (t) => {
  const { clock, proxy, busy, idle } = await makeScene(t, { maxConnections: 2, headerTimeout: 1_000_000 });
  const partial = await idle();
  partial.send('GET / HTTP/1.1\r\n');
  const { client } = await busy();
  await clock.advance(60_000);
  for (let i = 0; i < 3; i++) {
    const newcomer = await idle();
    newcomer.send(GET);
    t.same(await refusal(newcomer), [503]);
  }
  t.notOk(partial.isClosed || client.isClosed);
  t.equal(proxy.plane.stats().clientConnections, 2);
});

t.test('of a flood only some wait and are told why they are refused, and who asks is served', async (t) => {
  const { clock, busy, stats, proxy } = await makeScene(t, { maxConnections: 2 });
  const served = [await busy()];
  const flood = Array.from({ length: 200 }, () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    t.teardown(() => socket.destroy());
    return new RawClient(socket);
  });
  const held = () => flood.filter(({ isClosed }) => !isClosed).length;
  await eventually('no descriptor is held by the others', () => held() === 33);
  t.equal(stats().clientsRefusedFull, 167);
  served.push(await busy());
  await clock.advance(2_100);
  const isTold = ({ received }: RawClient) => received.startsWith('HTTP/1.1 503 ');
  // Of those who waited one was in the way of the client that asked.
  await eventually('what they are told', () => flood.filter(isTold).length === 31);
  for (const { client, answer } of served) {
    await answer();
    t.equal((await responses(client, 1))[0]?.status, 200);
  }
});

t.test('a client has no more connections than one may, and others are not held liable', async (t) => {
  const options = { maxConnectionsPerClient: 2, trustedProxies: ['127.0.0.3/32'] };
  const { proxy, idle, stats } = await makeScene(t, options);
  const from = (localAddress: string) => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', localAddress });
    t.teardown(() => socket.destroy());
    return new RawClient(socket);
  };
  const first = await idle();
  await idle();
  const tooMany = await idle();
  t.same(await refusal(tooMany), [429]);
  t.match(stats(), { clientConnections: 2, clientsRefusedPerClient: 1 });
  for (let i = 0; i < 2; i++) from('127.0.0.2');
  await eventually('those of another client', () => stats().clientConnections === 4);
  for (let i = 0; i < 5; i++) from('127.0.0.3');
  await eventually('those of a trusted proxy, which speaks for many', () => stats().clientConnections === 9);
  first.socket.destroy();
  await eventually('one less', () => stats().clientConnections === 8);
  await idle();
  t.equal(stats().clientConnections, 9, 'a place that became free is taken');
  t.equal(stats().clientsRefusedPerClient, 1);
});

t.test('the last request that a connection may carry is answered with a close', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }], { maxRequestsPerConnection: 3 });
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 2; i++) {
    const { status, headers } = await exchange(client, GET);
    t.match({ status, connection: headers['connection'] }, { status: 200, connection: undefined });
  }
  client.received = '';
  client.send(GET + GET);
  const last = parseResponses(await client.untilClosed(), true);
  t.match(last, [{ status: 200, headers: { connection: 'close' } }], 'and one that follows is not answered');
  t.equal(backend.requests.length, 3);
});
