import t from 'tap';
import { deadPort, startBackend, startRawBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
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

t.test('a POST that was sent is never sent again', async (t) => {
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
  for (let i = 0; i < 4; i++) statuses.push((await ask(proxy.port, { method: 'POST', body: 'x' })).status);
  t.same(statuses.sort(), [200, 200, 502, 502]);
  t.equal(received, 2);
  t.equal(alive.requests.length, 2);
});

t.test(
  'the budget keeps a service whose every request fails from getting three times the load',
  async (t) => {
    const failing = async () =>
      startBackend(t, 'failing', (request, response) => {
        request.resume();
        setTimeout(() => response.writeHead(503).end(), 50);
      });
    const backends = await Promise.all([failing(), failing(), failing()]);
    const settings = { retry: { onStatus: [[500, 599]] as const, budgetPercent: 10 } };
    const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port), settings }]);
    const statuses = await Promise.all(
      Array.from({ length: 200 }, async () => (await ask(proxy.port)).status),
    );
    t.ok(statuses.every((status) => status === 503));
    const attempts = backends.reduce((sum, { requests }) => sum + requests.length, 0);
    t.ok(attempts > 200 && attempts <= 240, `${attempts} attempts of 200 requests`);
    const stats = proxy.plane.stats().services['test'];
    t.equal(stats?.retries, attempts - 200);
    t.ok((stats?.retriesDenied ?? 0) > 100);
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
