import { connect } from 'node:net';
import t, { type Test } from 'tap';
import type { DataOptions } from '../../src/data/settings.ts';
import type { ServiceSettings } from '../../src/model/service.ts';
import { connectRaw, RawClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy, type TestServiceBackend } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';

const get = (...lines: string[]) =>
  `${['GET / HTTP/1.1', 'Host: test.localhost', ...lines].join('\r\n')}\r\n\r\n`;

/** A proxy behind one that it trusts, before a backend whose answers the test sends. */
async function makeScene(
  t: Test,
  options: Partial<DataOptions>,
  more: { settings?: ServiceSettings; backend?: Partial<TestServiceBackend> } = {},
) {
  const backend = await startManualBackend(t);
  const { settings = {}, backend: limits = {} } = more;
  const proxy = await startProxy(t, [{ settings, backends: [{ port: backend.port, ...limits }] }], {
    trustedProxies: ['127.0.0.1/32'],
    ...options,
  });
  /** A request of a client on a connection of the trusted proxy. */
  const request = async (client: string) => {
    const connection = await connectRaw(t, proxy.port);
    connection.send(get(`X-Forwarded-For: 6.6.6.6, ${client}`));
    return connection;
  };
  const running = (count: number) =>
    eventually(`${count} requests`, () => backend.connections.length === count);
  const waiting = (count: number) =>
    eventually(`${count} wait`, () => proxy.plane.stats().services['test']?.waiting === count);
  const statusOf = async (client: RawClient) => (await responses(client, 1))[0]?.status;
  return { backend, proxy, request, running, waiting, statusOf };
}

t.test('a client behind a trusted proxy has so many requests at a time, and others theirs', async (t) => {
  // An eighth of the places, but at least those that a browser takes: 8.
  const options = { maxConnections: 40, maxConnectionsPerClient: 'auto' } as const;
  const { backend, proxy, request, running, statusOf } = await makeScene(t, options);
  const of = [];
  for (let i = 0; i < 8; i++) of.push(await request('8.8.8.8'));
  await running(8);
  const [refused] = await responses(await request('8.8.8.8'), 1);
  t.match(refused, { status: 429, headers: { 'retry-after': '5' } });
  t.match(proxy.entries, [{ client: '8.8.8.8', peer: '127.0.0.1', error: 'too-many-requests' }]);
  t.equal(refused?.headers['connection'], undefined, 'the connection is the proxy’s and stays');
  await request('8.8.4.4');
  for (let i = 0; i < 9; i++) await request('10.1.1.1');
  await running(18);
  (await backend.connection(0)).send(okText('x', 'Connection: close'));
  t.equal(await statusOf(of[0] as RawClient), 200);
  await request('8.8.8.8');
  await running(19);
  t.pass('another one, once one is answered');
});

t.test('a client with as many slow connections as there are places leaves the others served', async (t) => {
  const { backend, proxy, statusOf } = await makeScene(t, { maxConnections: 40, maxConnectionsPerClient: 5 });
  const from = (localAddress: string, text: string) => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', localAddress });
    t.teardown(() => socket.destroy());
    const client = new RawClient(socket);
    client.send(text);
    return client;
  };
  for (let i = 0; i < 40; i++) from('127.0.0.2', 'GET / HTTP/1.1\r\n');
  await eventually('all are there', () => proxy.plane.stats().clientConnectionsTotal === 40);
  t.match(proxy.plane.stats(), { clientConnections: 5, clientsRefusedPerClient: 35 });
  for (let i = 0; i < 35; i++) {
    const client = from(`127.0.1.${i + 1}`, get());
    (await backend.connection(i)).send(okText('x', 'Connection: close'));
    t.equal(await statusOf(client), 200);
    client.socket.destroy();
  }
});

t.test('a client may have a share of a line, and the rest is for others', async (t) => {
  const { backend, request, running, waiting, statusOf } = await makeScene(
    t,
    { maxConnectionsPerClient: 'auto' },
    { settings: { queue: { size: 8 } }, backend: { maxConnections: 1 } },
  );
  const first = await request('8.8.8.8');
  await running(1);
  const greedy = [await request('8.8.8.8'), await request('8.8.8.8')];
  await waiting(2);
  for (let i = 0; i < 3; i++) t.equal(await statusOf(await request('8.8.8.8')), 503);
  const others = [await request('8.8.4.4'), await request('2600::1'), await request('10.0.0.1')];
  for (let i = 0; i < 3; i++) others.push(await request('10.0.0.1'));
  await waiting(8);
  t.equal(await statusOf(await request('8.8.4.4')), 503, 'it is full');
  const inOrder = [first, ...greedy, ...others];
  for (let i = 0; i < inOrder.length; i++) {
    (await backend.connection(i)).send(okText('x', 'Connection: close'));
    t.equal(await statusOf(inOrder[i] as RawClient), 200);
  }
  const again = await request('8.8.8.8');
  await running(10);
  await request('8.8.8.8');
  await waiting(1);
  again.socket.destroy();
  t.pass('a place that was left is free again');
});
