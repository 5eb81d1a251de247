import type { Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';

/** A backend whose connections close on their second request, without an answer. It counts the requests answered. */
async function startOnce(t: Test) {
  const counts = { connections: 0, answered: 0 };
  const { port } = await startRawBackend(t, (socket: Socket) => {
    counts.connections++;
    let isFirst = true;
    socket.on('data', (bytes) => {
      if (!bytes.includes('HTTP/1.1')) return;
      if (!isFirst) return void socket.destroy();
      isFirst = false;
      counts.answered++;
      socket.write(okText('once'));
    });
  });
  return { port, counts };
}

/** A backend that answers everything. */
async function startAlways(t: Test) {
  const counts = { connections: 0 };
  const { port } = await startRawBackend(t, (socket: Socket) => {
    counts.connections++;
    socket.on('data', () => socket.write(okText('always')));
  });
  return { port, counts };
}

t.test('every second connection is found closed, and no GET knows of it', async (t) => {
  const backends = [await startOnce(t), await startOnce(t)];
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port) }]);
  for (let i = 0; i < 60; i++) t.equal((await ask(proxy.port)).status, 200);
  t.same(proxy.signals, [], 'and it speaks against no backend');
});

t.test('where one was found closed a POST gets a fresh one', async (t) => {
  const backend = await startOnce(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  for (let i = 0; i < 2; i++) t.equal((await ask(proxy.port)).status, 200);
  for (let i = 0; i < 20; i++) t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).status, 200);
  t.equal(backend.counts.answered, 22, 'each was executed once');
});

t.test('a POST goes on a connection that was used a moment ago, and on no older one', async (t) => {
  const clock = new FakeClock();
  const backend = await startAlways(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  const post = () => ask(proxy.port, { method: 'POST', body: 'x' });
  const idle = () => eventually('it waits', () => proxy.plane.stats().backends[`test/${backend.port}`]?.idle);
  await post();
  await idle();
  await post();
  t.equal(backend.counts.connections, 1);
  await clock.advance(1_500);
  await post();
  t.equal(backend.counts.connections, 2);
  await clock.advance(1_500);
  await idle();
  await ask(proxy.port);
  t.equal(backend.counts.connections, 2, 'a GET takes what there is');
});
