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
