import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { startCli } from '../support/cli.ts';
import { ask, connectRaw, RawClient } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { parseMetrics } from '../support/metrics.ts';
import { responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';

/** A Fairlead of its own process that may open so many descriptors, before that backend. */
async function serve(t: Test, descriptors: number, port: number, health: string, ...flags: string[]) {
  const dir = t.testdir({
    'fairlead.yaml': `services:
  test:
    host: test.localhost
    health: ${health}
    backends: [http://127.0.0.1:${port}]
`,
  });
  const { cli, http, admin } = await startCli(t, 'serve', ['--config', `${dir}/fairlead.yaml`, ...flags], {
    descriptors,
  });
  const metrics = async () => parseMetrics((await ask(admin, { host: 'localhost', path: '/metrics' })).body);
  return { cli, http, metrics };
}

/** Connects so many clients that never say anything, and waits for what becomes of each. */
async function flood(t: Test, port: number, count: number): Promise<RawClient[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const socket = connect({ host: '127.0.0.1', port });
      t.teardown(() => socket.destroy());
      const client = new RawClient(socket);
      await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
      return client;
    }),
  );
}

/** User and system time of a process so far, in seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const NO_CHECKS = '{ type: none }';
const isLinux = process.platform === 'linux';

t.test(
  'more clients than descriptors end neither the process nor those that are served',
  { skip: !isLinux },
  async (t) => {
    const backend = await startBackend(t, 'a');
    const { cli, http, metrics } = await serve(t, 128, backend.port, NO_CHECKS);
    const clients = await flood(t, http, 500);
    t.equal(cli.child.exitCode, null, 'it runs');
    const held = () => clients.filter(({ isClosed, received }) => !isClosed && received === '').length;
    // Half of the descriptors that are not reserved.
    await eventually('the end of those that are too many', () => held() <= 32);
    const before = cpuSeconds(cli.child.pid ?? 0);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    t.ok(cpuSeconds(cli.child.pid ?? 0) - before < 0.5, 'it does not spin');
    // By now they have been idle long enough to make room.
    t.equal((await ask(http)).body, 'a', 'a client that has something to ask is served');
    for (const { socket } of clients) socket.destroy();
    for (let i = 0; i < 50; i++) t.equal((await ask(http)).body, 'a');
    const found = await metrics();
    t.ok(found.value('fairlead_client_connections_refused_total', { limit: 'connections' }) > 0);
    t.ok(found.value('fairlead_client_connections_closed_idle_total') > 0);
  },
);

t.test('without a limit of its own it survives the one of the machine', { skip: !isLinux }, async (t) => {
  const backend = await startBackend(t, 'a');
  const { cli, http } = await serve(
    t,
    64,
    backend.port,
    '{ interval: 200ms, fall: 1 }',
    '--max-connections',
    '100000',
  );
  await cli.until(/100000 connections need 200080 file descriptors, of which a process may open 64 /);
  const clients = await flood(t, http, 300);
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  t.equal(cli.child.exitCode, null, 'it runs');
  const before = cpuSeconds(cli.child.pid ?? 0);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  t.ok(cpuSeconds(cli.child.pid ?? 0) - before < 0.5, 'it does not spin');
  // A client that is connected asks: the connection to the backend needs a descriptor that an idle client has.
  const held = clients.find(({ isClosed }) => !isClosed);
  if (held === undefined) throw new Error('no client is connected');
  held.send(GET);
  t.match(
    await responses(held, 1),
    [{ status: 200, body: 'a' }],
    'nor did checks that could not be made fail',
  );
  for (const { socket } of clients) socket.destroy();
  await eventually('their end', () => clients.every(({ isClosed }) => isClosed));
  for (let i = 0; i < 50; i++) t.equal((await ask(http)).body, 'a', 'it recovers');
});

t.test('a descriptor that is missing is not held against the backend', { skip: !isLinux }, async (t) => {
  const backend = await startManualBackend(t);
  const { http, metrics } = await serve(t, 64, backend.port, NO_CHECKS, '--max-connections', '100000');
  // All of them are busy, so that nothing can be closed for another. The first ones ask when nothing is left.
  const late = await Promise.all([1, 2, 3, 4].map(() => connectRaw(t, http)));
  for (const client of late) client.send(GET.slice(0, -2));
  const busy: RawClient[] = [...late];
  for (let i = 0; i < 60; i++) {
    const socket = connect({ host: '127.0.0.1', port: http });
    t.teardown(() => socket.destroy());
    const client = new RawClient(socket);
    busy.push(client);
    client.send(GET);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const client of late) client.send('\r\n');
  await eventually('a refusal', () => busy.some(({ received }) => received.startsWith('HTTP/1.1 503 ')));
  // What is closed makes room for requests that still wait: they are answered, too, as they come.
  const answered = new Set<RawClient>();
  const isAllServed = () => {
    for (const connection of backend.connections) {
      if (answered.has(connection) || !connection.received.includes('\r\n\r\n')) continue;
      answered.add(connection);
      connection.send(okText('x', 'Connection: close'));
    }
    const served = busy.filter(({ received }) => received.startsWith('HTTP/1.1 200 ')).length;
    const isOver = busy.every(({ received, isClosed }) => isClosed || received.startsWith('HTTP/1.1 '));
    return isOver && served === backend.connections.length;
  };
  await eventually('the answers of the others', isAllServed);
  for (const { socket } of busy) socket.destroy();
  const client = await connectRaw(t, http);
  client.send(GET);
  await eventually('a new connection', () => backend.connections.some(({ isClosed }) => !isClosed));
  for (const connection of backend.connections) if (!connection.isClosed) connection.send(okText('y'));
  t.match(await responses(client, 1), [{ body: 'y' }]);
  t.same((await metrics()).find('fairlead_backend_failures_total'), []);
});
