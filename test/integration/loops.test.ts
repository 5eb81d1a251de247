import t, { type Test } from 'tap';
import { deadPort, startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { startAppWith } from '../support/fairlead.ts';
import { startMirror } from '../support/manual.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { startRelay } from '../support/relay.ts';
import { exchange } from '../support/responses.ts';
import { startWorkers } from '../support/worker-cli.ts';

const turnsOf = (proxy: TestProxy) => proxy.plane.stats().clientConnectionsTotal;

/** A proxy whose service leads back to it by way of another address. */
async function startLoop(t: Test) {
  const ports: number[] = [];
  const relay = await startRelay(t, () => ports[0] as number);
  const proxy = await startProxy(t, [{ backends: [relay.port] }]);
  ports.push(proxy.port);
  return { proxy, relay };
}

t.test('a request whose backend is Fairlead itself makes one turn and ends with 508', async (t) => {
  const proxy = await startProxy(t, []);
  proxy.apply({ backends: [proxy.port] });
  t.equal((await ask(proxy.port)).status, 508);
  t.equal(turnsOf(proxy), 2, 'the client and one turn');
  t.match(proxy.entries, [
    { status: 508, error: 'loop-detected', attempts: 0 },
    { status: 508, error: '', attempts: 1 },
  ]);
  t.equal((await ask(proxy.port, { method: 'POST', body: 'x'.repeat(100_000) })).status, 508);
  t.ok(turnsOf(proxy) <= 4, `${turnsOf(proxy)} connections`);
});

t.test('so does one that a fallback leads back', async (t) => {
  const ports: number[] = [];
  const relay = await startRelay(t, () => ports[0] as number);
  const url = `http://127.0.0.1:${relay.port}/`;
  const settings = { fallback: [{ kind: 'url' as const, url }] };
  const proxy = await startProxy(t, [{ backends: [], settings, routes: [{ host: '*' }] }]);
  ports.push(proxy.port);
  t.equal((await ask(proxy.port)).status, 508);
  t.equal(relay.connections(), 1);
});

t.test('so does an upgrade', async (t) => {
  const { proxy, relay } = await startLoop(t);
  const client = await connectRaw(t, proxy.port);
  const head = ['GET / HTTP/1.1', 'Host: test.localhost', 'Connection: Upgrade', 'Upgrade: websocket'];
  t.equal((await exchange(client, `${head.join('\r\n')}\r\n\r\n`)).status, 508);
  t.equal(relay.connections(), 1);
});

t.test('so does one that comes back to another worker', async (t) => {
  const ports: number[] = [];
  const relay = await startRelay(t, () => ports[0] as number);
  const { http } = await startWorkers(t, [relay.port]);
  ports.push(http);
  for (let i = 0; i < 10; i++) t.equal((await ask(http)).status, 508);
  t.ok(relay.connections() <= 10, `${relay.connections()} turns`);
});

t.test('a circle of two proxies ends where it began', async (t) => {
  const first = await startProxy(t, []);
  const second = await startProxy(t, [{ backends: [first.port] }], { instance: 'fairlead-4567cdef' });
  first.apply({ backends: [second.port] });
  t.equal((await ask(first.port)).status, 508);
  t.strictSame([turnsOf(first), turnsOf(second)], [2, 1]);
});

t.test('the Via of a client stays, and ours comes behind it, with the version that it spoke', async (t) => {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port] }]);
  const client = await connectRaw(t, proxy.port);
  const viaOf = async (version: string, ...lines: string[]) => {
    const head = [`GET / HTTP/${version}`, 'Host: test.localhost', 'Connection: keep-alive', ...lines];
    const { body } = await exchange(client, `${head.join('\r\n')}\r\n\r\n`);
    return body.split('\r\n').filter((line) => /^via:/i.test(line));
  };
  t.strictSame(await viaOf('1.1'), ['Via: 1.1 fairlead-0123abcd']);
  t.strictSame(await viaOf('1.0'), ['Via: 1.0 fairlead-0123abcd']);
  t.strictSame(await viaOf('1.1', 'VIA: 2 a (b)', 'via: 1.0 c'), [
    'VIA: 2 a (b)',
    'via: 1.0 c',
    'Via: 1.1 fairlead-0123abcd',
  ]);
});

t.test('our name is seen in any of the lines of Via', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const statusOf = async (...lines: string[]) => {
    const head = ['GET / HTTP/1.1', 'Host: test.localhost', ...lines, '', ''];
    return (await exchange(client, head.join('\r\n'))).status;
  };
  t.equal(await statusOf('Via: 1.1 a, 1.1 fairlead-0123abcd (x), 1.1 b'), 508);
  t.equal(await statusOf('vIA:1.1 fairlead-0123abcd', 'Via: 1.1 a'), 508);
  t.equal(await statusOf('Via: 1.1 fairlead-4567cdef'), 200, 'another one');
  t.equal(await statusOf('X-Via: 1.1 fairlead-0123abcd'), 200);
});

t.test('the admin address is not reached through Fairlead', async (t) => {
  const port = await deadPort();
  const ports: number[] = [];
  const relay = await startRelay(t, () => ports[0] as number);
  const claim = (name: string, host: string, at: number) => ({
    origin: { source: 'test', name },
    service: name,
    routes: [{ host, path: '/', priority: 0, stripPrefix: false }],
    settings: { health: { type: 'none' as const } },
    createdAt: 0,
    serves: { name, key: name, address: { host: '127.0.0.1', port: at }, weight: 1, backup: false },
  });
  const claims = [
    claim('direct', 'direct.localhost', port),
    claim('relayed', 'relayed.localhost', relay.port),
  ];
  const status = { name: 'test', target: 'test', connected: true };
  const source = {
    name: 'test',
    watch: (publish: (said: object) => void) => publish({ status, claims, problems: [] }),
  };
  const app = await startAppWith(t, [source as never], '--docker', 'off', '--admin', `127.0.0.1:${port}`);
  ports.push(port);
  const drain = { method: 'POST', path: '/api/backends', body: '{"backend":"direct","state":"drain"}' };
  t.equal((await app.ask({ host: 'direct.localhost', ...drain })).status, 503);
  t.equal((await app.ask({ host: 'relayed.localhost', ...drain })).status, 508);
  t.match((await app.state()).problems, [{ subject: 'direct', where: 'port', severity: 'error' }]);
});
