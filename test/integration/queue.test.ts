import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';

/** A proxy before backends that take two requests each, and answer when the test says so. */
async function startLimited(t: Test, settings: ServiceSettings = {}, count = 1) {
  const running: { url: string; response: ServerResponse }[] = [];
  const backends = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      startBackend(t, `b${i}`, (request, response) => {
        request.resume().on('end', () => running.push({ url: request.url ?? '', response }));
      }),
    ),
  );
  const members = backends.map(({ port }) => ({ port, maxConnections: 2 }));
  const proxy = await startProxy(t, [{ settings, backends: members }]);
  const finish = (at = 0) => running.splice(at, 1)[0]?.response.end('done');
  const stats = () => proxy.plane.stats().services['test'];
  return { proxy, backends, members, running, finish, stats };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`;

t.test(
  'a backend never has more requests than it may, and those that wait are served in their order',
  async (t) => {
    const { proxy, running, finish, stats } = await startLimited(t);
    const answers: Promise<unknown>[] = [];
    for (let i = 0; i < 6; i++) {
      answers.push(ask(proxy.port, { path: `/${i}` }));
      await eventually(`request ${i} is there`, () => running.length + (stats()?.waiting ?? 0) === i + 1);
    }
    t.equal(running.length, 2);
    t.equal(stats()?.waiting, 4);
    const order: string[] = [];
    while (order.length < 6) {
      order.push(running[0]?.url ?? '');
      finish();
      const expected = Math.min(2, 6 - order.length);
      await eventually('the next one has its place', () => running.length === expected);
    }
    t.same(order, ['/0', '/1', '/2', '/3', '/4', '/5']);
    await Promise.all(answers);
    t.match(stats(), { waiting: 0, waited: 4, waitedInVain: 0 });
    t.equal(stats()?.codes[200], 6);
  },
);

t.test('a full queue, and no queue, are 503 with Retry-After', async (t) => {
  for (const size of [0, 1]) {
    const { proxy, running, finish, stats } = await startLimited(t, { queue: { size } });
    const answers = [0, 1, 2].slice(0, 2 + size).map(() => ask(proxy.port));
    await eventually('all places are taken', () => running.length === 2 && stats()?.waiting === size);
    const refused = await ask(proxy.port);
    t.equal(refused.status, 503);
    t.ok(refused.headers['retry-after']);
    t.match(proxy.entries.at(-1), { error: 'busy', backend: '' });
    while (running.length > 0) {
      finish();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const answer of await Promise.all(answers)) t.equal(answer.status, 200);
  }
});

t.test('who waits too long gets 503, and no backend ever sees the request', async (t) => {
  const { proxy, backends, running, finish, stats } = await startLimited(t, { queue: { timeoutMs: 150 } });
  const first = [ask(proxy.port), ask(proxy.port)];
  await eventually('all places are taken', () => running.length === 2);
  const late = await ask(proxy.port, { method: 'POST', body: 'x' });
  t.equal(late.status, 503);
  t.ok(late.headers['retry-after']);
  t.match(stats(), { waiting: 0, waited: 1, waitedInVain: 1 });
  finish();
  finish();
  await Promise.all(first);
  t.equal(backends[0]?.requests.length, 2);
});

t.test('a client that goes away leaves the queue', async (t) => {
  const { proxy, backends, running, finish, stats } = await startLimited(t);
  const first = [ask(proxy.port), ask(proxy.port)];
  await eventually('all places are taken', () => running.length === 2);
  const client = await connectRaw(t, proxy.port);
  client.send(get('/gone'));
  await eventually('it waits', () => stats()?.waiting === 1);
  client.socket.destroy();
  await eventually('it left', () => stats()?.waiting === 0);
  finish();
  finish();
  await Promise.all(first);
  t.equal(backends[0]?.requests.length, 2);
  t.equal(
    (
      await Promise.all([
        ask(proxy.port),
        eventually('again', () => running.length === 1).then(() => finish()),
      ])
    )[0].status,
    200,
  );
});

t.test('the body of a request that waits is sent whole, however large', async (t) => {
  const { proxy, backends, running, finish, stats } = await startLimited(t);
  const first = [ask(proxy.port), ask(proxy.port)];
  await eventually('all places are taken', () => running.length === 2);
  const upload = ask(proxy.port, { method: 'POST', path: '/upload', body: Buffer.alloc(3_000_000, 'x') });
  await eventually('it waits', () => stats()?.waiting === 1);
  finish();
  await eventually('the upload arrived', () => running.some(({ url }) => url === '/upload'));
  while (running.length > 0) finish();
  t.equal((await upload).status, 200);
  await Promise.all(first);
  t.equal(backends[0]?.requests.length, 3);
});

t.test('requests go to backends with room before they wait, whatever the balancer', async (t) => {
  for (const balance of ['round-robin', 'random', 'least-connections', 'p2c', 'peak-ewma', 'hash'] as const) {
    const { proxy, running, finish, stats } = await startLimited(t, { balance }, 3);
    const answers = Array.from({ length: 6 }, () => ask(proxy.port));
    await eventually('all are served', () => running.length === 6);
    t.equal(stats()?.waited, 0, balance);
    while (running.length > 0) finish();
    await Promise.all(answers);
  }
});

t.test('a limit that is raised lets those in that wait, and one that is lowered cuts nobody', async (t) => {
  const { proxy, members, running, finish, stats } = await startLimited(t);
  const answers = [0, 1, 2].map(() => ask(proxy.port));
  await eventually('one waits', () => running.length === 2 && stats()?.waiting === 1);
  proxy.apply({ backends: members.map((member) => ({ ...member, maxConnections: 3 })) });
  await eventually('it is served', () => running.length === 3);
  proxy.apply({ backends: members.map((member) => ({ ...member, maxConnections: 1 })) });
  while (running.length > 0) finish();
  for (const answer of await Promise.all(answers)) t.equal(answer.status, 200);
});

t.test('when the last backend is gone, nobody waits for a place on it', async (t) => {
  const { proxy, running, stats } = await startLimited(t);
  const served = [ask(proxy.port), ask(proxy.port)];
  await eventually('all places are taken', () => running.length === 2);
  const waiting = ask(proxy.port);
  await eventually('one waits', () => stats()?.waiting === 1);
  proxy.apply({ backends: [] });
  t.equal((await waiting).status, 503);
  while (running.length > 0) running.shift()?.response.end('done');
  for (const answer of await Promise.all(served)) t.equal(answer.status, 200);
});

t.test('a request whose connection was stale is dialled again in its own place', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [{ port: backend.port, maxConnections: 1 }] }]);
  const stats = () => proxy.plane.stats().services['test'];
  const [first, second] = [await connectRaw(t, proxy.port), await connectRaw(t, proxy.port)];
  first.send(get('/warm'));
  await backend.head(0);
  (await backend.connection(0)).send(okText('warm'));
  await responses(first, 1);
  first.send(get('/again'));
  const kept = await backend.connection(0);
  await kept.until((received) => received.includes('/again'), 'it came on the waiting connection');
  second.send(get('/second'));
  await eventually('the second waits', () => stats()?.waiting === 1);
  kept.socket.destroy();
  t.match(await backend.head(1), '/again');
  t.equal(stats()?.waiting, 1, 'the second still waits');
  t.equal(backend.connections.length, 2);
  (await backend.connection(1)).send(okText('again'));
  await responses(first, 2);
  await (await backend.connection(1)).until((received) => received.includes('/second'), 'the second');
  (await backend.connection(1)).send(okText('second'));
  t.equal((await responses(second, 1))[0]?.body, 'second');
});

t.test('in a crowd every client is served, and no backend ever has more than it may', async (t) => {
  const most = new Map<string, number>();
  const running = new Map<string, number>();
  const backends = await Promise.all(
    ['a', 'b'].map((name) =>
      startBackend(t, name, (_request, response) => {
        const now = (running.get(name) ?? 0) + 1;
        running.set(name, now);
        most.set(name, Math.max(most.get(name) ?? 0, now));
        setTimeout(() => {
          running.set(name, (running.get(name) ?? 0) - 1);
          response.end(name);
        }, 5);
      }),
    ),
  );
  const members = backends.map(({ port }) => ({ port, maxConnections: 4 }));
  const proxy = await startProxy(t, [{ settings: { queue: { timeoutMs: 60_000 } }, backends: members }]);
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask(proxy.port)));
  t.ok(answers.every(({ status }) => status === 200));
  t.same([...most.values()], [4, 4]);
  t.match(proxy.plane.stats().services['test'], { waiting: 0, waitedInVain: 0 });
});
