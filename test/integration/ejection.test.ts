import t from 'tap';
import type { BackendSignal } from '../../src/model/signal.ts';
import { deadPort, startBackend, startRawBackend, type TestBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { startProxy } from '../support/proxy.ts';

const STATUSES = { retry: { on: { reset: true, timeout: true, status: [[500, 599]] as const } } };

function startStatus(t: Parameters<typeof startBackend>[0], code: number): Promise<TestBackend> {
  return startBackend(t, String(code), (request, response) => {
    request.resume().on('end', () => {
      response.statusCode = code;
      response.end(String(code));
    });
  });
}

t.test('after a refused connection no request is tried there any more', async (t) => {
  const alive = await startBackend(t, 'alive');
  const proxy = await startProxy(t, [{ backends: [await deadPort(), alive.port] }], {}, new FakeClock());
  for (let i = 0; i < 6; i++) t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).body, 'alive');
  t.equal(proxy.plane.stats().services['test']?.retries, 1);
  t.same(
    proxy.signals.map(({ kind }) => kind),
    ['doubt', 'ejected'],
  );
});

t.test('three resets in a row eject; a POST that comes later finds the other one', async (t) => {
  const alive = await startBackend(t, 'alive');
  const resetting = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const proxy = await startProxy(t, [{ backends: [resetting.port, alive.port] }], {}, new FakeClock());
  for (let i = 0; i < 6; i++) t.equal((await ask(proxy.port)).body, 'alive');
  for (let i = 0; i < 4; i++) t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).body, 'alive');
  t.match(proxy.plane.stats().backends[`test/${resetting.port}`], { ejections: { reset: 1 } });
});

t.test('responses that break off in the middle eject, too', async (t) => {
  const alive = await startBackend(t, 'alive');
  const breaking = await startRawBackend(t, (socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
      setImmediate(() => socket.resetAndDestroy());
    }),
  );
  const proxy = await startProxy(t, [{ backends: [breaking.port, alive.port] }], {}, new FakeClock());
  let broken = 0;
  for (let i = 0; i < 12; i++) {
    await ask(proxy.port).catch(() => {
      broken++;
    });
  }
  t.equal(broken, 3);
});

t.test('a status that retries name ejects; one that they do not name never does', async (t) => {
  const alive = await startBackend(t, 'alive');
  const bad = await startStatus(t, 503);
  const asked = await startProxy(
    t,
    [{ backends: [bad.port, alive.port], settings: STATUSES }],
    {},
    new FakeClock(),
  );
  for (let i = 0; i < 12; i++) t.equal((await ask(asked.port)).status, 200);
  t.equal(bad.requests.length, 3);
  const plain = await startProxy(t, [{ backends: [bad.port, alive.port] }], {}, new FakeClock());
  const statuses = [];
  for (let i = 0; i < 12; i++) statuses.push((await ask(plain.port)).status);
  t.equal(statuses.filter((status) => status === 503).length, 6, 'it is an answer like any other');
  t.match(
    plain.signals.slice(0, 1),
    [{ kind: 'doubt' }] satisfies Partial<BackendSignal>[],
    'but worth a probe',
  );
});

t.test('the answers of the last one are better than none', async (t) => {
  const bad = await startStatus(t, 503);
  const proxy = await startProxy(t, [{ backends: [bad.port], settings: STATUSES }], {}, new FakeClock());
  for (let i = 0; i < 5; i++) t.equal((await ask(proxy.port)).body, '503');
});

t.test('a waiting connection that the backend closed is nobody’s fault', async (t) => {
  const alive = await startBackend(t, 'alive');
  const once = await startRawBackend(t, (socket) => {
    let isFirst = true;
    socket.on('data', () => {
      if (isFirst) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nonce');
      else socket.destroy();
      isFirst = false;
    });
  });
  const proxy = await startProxy(t, [{ backends: [once.port, alive.port] }], {}, new FakeClock());
  for (let i = 0; i < 20; i++) t.equal((await ask(proxy.port)).status, 200);
  t.same(proxy.signals, []);
  t.same(proxy.plane.stats().backends[`test/${once.port}`]?.ejections, {});
});

t.test('an ejection ends by its time, or by a probe that the control plane tells of', async (t) => {
  const clock = new FakeClock();
  const alive = await startBackend(t, 'alive');
  const other = await startBackend(t, 'other');
  const service = { backends: [other.port, alive.port] };
  const proxy = await startProxy(t, [service], {}, clock);
  const bodies = async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) seen.add((await ask(proxy.port)).body);
    return [...seen].sort();
  };
  await other.kill();
  t.same(await bodies(), ['alive']);
  await new Promise<void>((resolve) => other.server.listen(other.port, '127.0.0.1', resolve));
  t.same(await bodies(), ['alive']);
  proxy.apply({
    backends: [{ port: other.port, proof: { kind: 'connection', at: clock.now() } }, alive.port],
  });
  t.same(await bodies(), ['alive', 'other']);
  await other.kill();
  t.same(await bodies(), ['alive']);
  await new Promise<void>((resolve) => other.server.listen(other.port, '127.0.0.1', resolve));
  await clock.advance(9_000);
  t.same(await bodies(), ['alive']);
  await clock.advance(1_100);
  t.same(await bodies(), ['alive', 'other']);
});
