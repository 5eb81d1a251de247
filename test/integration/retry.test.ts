import type { ServerResponse } from 'node:http';
import t, { type Test } from 'tap';
import { deadPort, startBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';

t.test('a refused connection is retried on another backend, whatever the method', async (t) => {
  const alive = await startBackend(t, 'alive');
  const proxy = await startProxy(t, [{ backends: [await deadPort(), alive.port] }]);
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
    for (let i = 0; i < 2; i++) {
      const answer = await ask(proxy.port, {
        method,
        ...(method !== 'GET' && { body: `body of ${method}` }),
      });
      t.equal(answer.status, 200, `${method} is answered`);
      t.equal(answer.body, 'alive');
    }
  }
});

t.test('a GET whose backend resets it before answering is retried on another', async (t) => {
  const alive = await startBackend(t, 'alive');
  const resetting = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const proxy = await startProxy(t, [{ backends: [resetting.port, alive.port] }]);
  for (let i = 0; i < 4; i++) t.equal((await ask(proxy.port)).body, 'alive');
});

t.test('what writes and was sent is never sent again', async (t) => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) await sendsOnce(t, method);
});

async function sendsOnce(t: Test, method: string): Promise<void> {
  const alive = await startBackend(t, 'alive');
  let received = 0;
  const resetting = await startRawBackend(t, (socket) =>
    socket.once('data', () => {
      received++;
      socket.resetAndDestroy();
    }),
  );
  const proxy = await startProxy(t, [{ backends: [resetting.port, alive.port] }]);
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await ask(proxy.port, { method, body: 'x' })).status);
  t.same(statuses.sort(), [200, 200, 502, 502], method);
  t.equal(received, 2);
  t.equal(alive.requests.length, 2);
}

t.test(
  'the budget keeps a service whose every request fails from getting three times the load',
  async (t) => {
    const held: ServerResponse[] = [];
    const fail = () => {
      for (const response of held.splice(0)) response.writeHead(503).end();
    };
    const failing = () => startBackend(t, 'failing', (_request, response) => void held.push(response));
    const backends = await Promise.all([failing(), failing(), failing()]);
    const settings = {
      retry: { on: { reset: true, timeout: true, status: [[500, 599]] as const }, budgetPercent: 10 },
      hedge: 'off' as const,
    };
    const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port), settings }]);
    const answers = Array.from({ length: 200 }, () => ask(proxy.port));
    await eventually('all are there', () => held.length === 200);
    fail();
    await eventually('those that are tried again', () => held.length + proxy.entries.length === 200);
    t.ok(held.length >= 18 && held.length <= 20, `${held.length}: a tenth of 200`);
    // The last few of them may be tried a third time.
    const timer = setInterval(fail, 10);
    t.teardown(() => clearInterval(timer));
    for (const answer of answers) t.equal((await answer).status, 503);
    const stats = proxy.plane.stats().services['test'];
    const attempts = backends.reduce((sum, { requests }) => sum + requests.length, 0);
    t.equal(stats?.retries, attempts - 200);
    t.ok((stats?.retriesDenied ?? 0) >= 177);
  },
);

t.test('what never reached a backend costs no budget', async (t) => {
  const alive = await startBackend(t, 'alive');
  const settings = { retry: { budgetPercent: 0 }, eject: { failures: 0 } };
  const proxy = await startProxy(t, [{ backends: [await deadPort(), alive.port], settings }]);
  const statuses = await Promise.all(Array.from({ length: 100 }, async () => (await ask(proxy.port)).status));
  t.ok(statuses.every((status) => status === 200));
  t.equal(proxy.plane.stats().services['test']?.retriesDenied, 0);
});

t.test('a single backend that restarts is waited for', async (t) => {
  const backend = await startBackend(t, 'back');
  const proxy = await startProxy(t, [{ backends: [backend.port], settings: { retry: { attempts: 4 } } }]);
  await backend.kill();
  const answers = Promise.all(
    Array.from({ length: 20 }, () => ask(proxy.port, { method: 'POST', body: 'x' })),
  );
  setTimeout(() => backend.server.listen(backend.port, '127.0.0.1'), 250);
  t.ok((await answers).every(({ status, body }) => status === 200 && body === 'back'));
  t.equal(backend.requests.length, 20);
});

t.test('a client that goes away while its backend is waited for leaves nothing behind', async (t) => {
  const clock = new FakeClock();
  const proxy = await startProxy(t, [{ backends: [await deadPort()] }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  const stats = () => Object.values(proxy.plane.stats().backends)[0];
  await eventually('the first try', () => stats()?.failures['connect-failed'] === 1);
  client.socket.destroy();
  await eventually('its end', () => proxy.entries.length === 1);
  await clock.advance(5_000);
  t.equal(stats()?.requests, 1);
});

t.test('a backend that answers nothing but that it wants a rest gets it', async (t) => {
  const clock = new FakeClock();
  const resting = await startBackend(t, 'resting', (request, response) => {
    request.resume();
    response.writeHead(503, { 'retry-after': '3' }).end('later');
  });
  const other = await startBackend(t, 'other');
  const proxy = await startProxy(t, [{ backends: [resting.port, other.port] }], {}, clock);
  const statuses = async (count: number) => {
    const all = [];
    for (let i = 0; i < count; i++) all.push((await ask(proxy.port, { path: `/${i}` })).status);
    return all;
  };
  t.same((await statuses(8)).filter((status) => status === 503).length, 3);
  await clock.advance(2_900);
  t.same((await statuses(2)).filter((status) => status === 503).length, 0);
  await clock.advance(200);
  t.same((await statuses(8)).filter((status) => status === 503).length, 3);
  t.match(proxy.plane.stats().backends[`test/${resting.port}`], { ejections: { 'retry-after': 2 } });
});

t.test('the limit of one URL takes no backend out for others', async (t) => {
  const limited = (name: string) =>
    startBackend(t, name, (request, response) => {
      request.resume();
      if (request.url === '/limited') response.writeHead(503, { 'retry-after': '60' });
      response.end(name);
    });
  const backends = await Promise.all(['a', 'b', 'c', 'd'].map(limited));
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port) }], {}, new FakeClock());
  for (let i = 0; i < 40; i++) await ask(proxy.port, { path: i % 2 === 0 ? '/limited' : '/' });
  for (let i = 0; i < 20; i++) await ask(proxy.port, { path: i % 5 === 0 ? '/' : '/limited' });
  t.notOk(
    proxy.signals.some(({ kind }) => kind === 'ejected'),
    'not even of those that have nothing else to answer',
  );
});

t.test('a POST with a key is sent again where the policy says so', async (t) => {
  const alive = await startBackend(t, 'alive');
  const resetting = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const settings = { retry: { methods: ['GET', 'POST'] }, eject: { failures: 0 } };
  const proxy = await startProxy(t, [{ backends: [resetting.port, alive.port], settings }]);
  const post = (headers: Record<string, string>) => ask(proxy.port, { method: 'POST', body: 'x', headers });
  for (let i = 0; i < 4; i++) t.equal((await post({ 'idempotency-key': `"${i}"` })).status, 200);
  const statuses = [(await post({})).status, (await post({})).status];
  t.same(statuses.sort(), [200, 502], 'and not without one');
});
