import t from 'tap';
import { deadPort, startBackend, startRawBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { startProxy } from '../support/proxy.ts';

t.test('a backup serves only when no primary is available', async (t) => {
  const [one, two, spare] = [
    await startBackend(t, 'one'),
    await startBackend(t, 'two'),
    await startBackend(t, 'spare'),
  ];
  const service = (...out: number[]) => ({
    backends: [one.port, two.port, spare.port].map((port) => ({
      port,
      backup: port === spare.port,
      ...(out.includes(port) && { flags: ['FailedCheck'] as const }),
    })),
  });
  const proxy = await startProxy(t, [service()]);
  const names = async () => {
    const bodies = [];
    for (let i = 0; i < 4; i++) bodies.push((await ask(proxy.port)).body);
    return [...new Set(bodies)].sort();
  };
  t.same(await names(), ['one', 'two']);
  proxy.apply(service(one.port));
  t.same(await names(), ['two']);
  proxy.apply(service(one.port, two.port));
  t.same(await names(), ['spare']);
  proxy.apply(service(two.port));
  t.same(await names(), ['one']);
});

t.test('a backup is tried when the primaries cannot be reached', async (t) => {
  const spare = await startBackend(t, 'spare');
  const primaries = [await deadPort(), await deadPort()];
  const proxy = await startProxy(t, [{ backends: [...primaries, { port: spare.port, backup: true }] }]);
  for (let i = 0; i < 5; i++) t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).body, 'spare');
});

t.test('no backend is tried twice for the same request', async (t) => {
  const seen = new Map<number, number>();
  const ports = [];
  for (let i = 0; i < 4; i++) {
    const { port } = await startRawBackend(t, (socket) =>
      socket.once('data', () => {
        seen.set(i, (seen.get(i) ?? 0) + 1);
        socket.resetAndDestroy();
      }),
    );
    ports.push(port);
  }
  const proxy = await startProxy(t, [{ backends: ports, settings: { retry: { attempts: 10 } } }]);
  t.equal((await ask(proxy.port)).status, 502);
  t.same([...seen.values()], [1, 1, 1, 1]);
  t.match(proxy.entries[0], { attempts: 4, error: 'reset' });
  t.equal(proxy.plane.stats().services['test']?.retries, 3);
});

t.test('there are no more tries than the policy allows', async (t) => {
  for (const attempts of [0, 1, 2]) {
    const ports = await Promise.all(Array.from({ length: 5 }, () => deadPort()));
    const proxy = await startProxy(t, [{ backends: ports, settings: { retry: { attempts } } }]);
    t.equal((await ask(proxy.port)).status, 502);
    t.equal(proxy.entries[0]?.attempts, 1 + attempts);
    const tried = Object.values(proxy.plane.stats().backends).filter(({ requests }) => requests > 0);
    t.equal(tried.length, 1 + attempts);
  }
});

t.test('a status that the policy names is retried on another backend, others are not', async (t) => {
  const status = (code: number) =>
    startBackend(t, String(code), (request, response) => {
      request.resume();
      response.statusCode = code;
      response.end(String(code));
    });
  const [bad, missing, good] = [await status(503), await status(404), await startBackend(t, 'good')];
  const settings = { retry: { on: { reset: true, timeout: true, status: [[500, 599]] as const } } };
  const retrying = await startProxy(t, [{ backends: [bad.port, good.port], settings }]);
  for (let i = 0; i < 4; i++) {
    t.equal((await ask(retrying.port, { method: 'PUT', body: 'x'.repeat(20_000) })).body, 'good');
  }
  t.ok(bad.requests.length > 0);
  const posts = [];
  for (let i = 0; i < 2; i++) posts.push((await ask(retrying.port, { method: 'POST', body: 'x' })).status);
  t.same(posts.sort(), [200, 503], 'a POST that was sent is not');
  const other = await startProxy(t, [
    { backends: [missing.port, { port: good.port, backup: true }], settings },
  ]);
  t.equal((await ask(other.port)).body, '404');
  const alone = await startProxy(t, [{ backends: [bad.port], settings }]);
  t.match(await ask(alone.port), { status: 503, body: '503' }, 'the last one’s answer is better than ours');
});

t.test('a body larger than what is kept reaches one backend only', async (t) => {
  const settings = { retry: { on: { reset: true, timeout: true, status: [[500, 599]] as const } } };
  const bodies: number[] = [];
  const ports = [];
  for (let i = 0; i < 2; i++) {
    const backend = await startBackend(t, 'a', (request, response) => {
      let size = 0;
      request.on('data', (bytes) => (size += bytes.length));
      request.on('end', () => {
        bodies.push(size);
        response.statusCode = 500;
        response.end();
      });
    });
    ports.push(backend.port);
  }
  const proxy = await startProxy(t, [{ backends: ports, settings }]);
  t.equal((await ask(proxy.port, { method: 'PUT', body: 'x'.repeat(300_000) })).status, 500);
  t.same(bodies, [300_000]);
  t.equal((await ask(proxy.port, { method: 'PUT', body: 'x'.repeat(30_000) })).status, 500);
  t.same(bodies, [300_000, 30_000, 30_000], 'a smaller one is sent whole to the next');
});

t.test('what is in flight ends where it began, whatever changes meanwhile', async (t) => {
  const answers: (() => void)[] = [];
  const slow = await startBackend(t, 'slow', (_request, response) =>
    answers.push(() => response.end('slow')),
  );
  const other = await startBackend(t, 'other');
  const proxy = await startProxy(t, [{ backends: [slow.port] }]);
  const pending = ask(proxy.port);
  while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  proxy.apply({ backends: [other.port] });
  t.equal((await ask(proxy.port)).body, 'other', 'new requests go elsewhere');
  answers[0]?.();
  t.equal((await pending).body, 'slow');
});
