import type { RequestListener } from 'node:http';
import t, { type Test } from 'tap';
import { makeProbe, type ProbeResult } from '../../../src/control/health/probe.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import { deadPort, startBackend, startCannedBackend, startRawBackend } from '../../support/backend.ts';
import { makeTarget } from '../../support/scripted-probe.ts';
import { startUnreachable } from '../../support/unreachable.ts';

const probe = makeProbe(16_384);

/** Probes a port of this machine as a service's check says. */
function ask(port: number, check: Partial<HealthCheck>, host = '127.0.0.1'): Promise<ProbeResult> {
  return probe({ host, port }, makeTarget('test', check).check);
}

/** Probes a backend that answers this status. */
async function askStatus(t: Test, status: number, check: Partial<HealthCheck> = {}): Promise<ProbeResult> {
  const { port } = await startBackend(t, 'a', (_request, response) => response.writeHead(status).end());
  return ask(port, { type: 'http', ...check });
}

t.test('from 200 to 399 every status passes, and no other', async (t) => {
  for (const status of [200, 204, 301, 399])
    t.same(await askStatus(t, status), { isPass: true, reason: `HTTP ${status}` });
  for (const status of [400, 404, 500, 503])
    t.same(await askStatus(t, status), { isPass: false, reason: `HTTP ${status}` });
});

t.test('a head may be as large as that of any response', async (t) => {
  const { port } = await startBackend(t, 'a', (_request, response) =>
    response.setHeader('x', 'x'.repeat(20_000)).end(),
  );
  const { check } = makeTarget('test', { type: 'http' });
  const found = (maxHeaderSize: number) => makeProbe(maxHeaderSize)({ host: '127.0.0.1', port }, check);
  t.equal((await found(32_768)).isPass, true);
  t.equal((await found(16_384)).isPass, false);
});

t.test('the statuses of the check are what passes', async (t) => {
  const status: HealthCheck['status'] = [
    [200, 201],
    [401, 401],
  ];
  for (const [code, isPass] of [
    [200, true],
    [201, true],
    [202, false],
    [401, true],
    [402, false],
  ] as const)
    t.equal((await askStatus(t, code, { status })).isPass, isPass, `${code}`);
});

t.test('a redirect is an answer and is not followed', async (t) => {
  const backend = await startBackend(t, 'a', (_request, response) =>
    response.writeHead(302, { location: '/elsewhere' }).end(),
  );
  await ask(backend.port, { type: 'http' });
  t.equal(backend.requests.length, 1);
});

t.test('the path, the method and the host are those of the check', async (t) => {
  const backend = await startBackend(t, 'a');
  const check = { type: 'http' as const, path: '/healthz?full=1', method: 'HEAD', host: 'shop.org' };
  t.match(await ask(backend.port, check), { isPass: true });
  t.match(backend.requests, [
    {
      method: 'HEAD',
      url: '/healthz?full=1',
      headers: { host: 'shop.org', 'user-agent': 'fairlead-health' },
    },
  ]);
});

t.test('without a host it is the address', async (t) => {
  const backend = await startBackend(t, 'a');
  await ask(backend.port, { type: 'http' });
  t.equal(backend.requests[0]?.headers.host, `127.0.0.1:${backend.port}`);
});

t.test('another port may be probed than the one that serves', async (t) => {
  const backend = await startBackend(t, 'a');
  t.match(await ask(await deadPort(), { type: 'http', port: backend.port }), { isPass: true });
  t.match(await ask(await deadPort(), { type: 'tcp', port: backend.port }), { isPass: true });
  t.match(await ask(backend.port, { type: 'tcp', port: await deadPort() }), { isPass: false });
});

t.test('each probe is a connection of its own', async (t) => {
  const backend = await startBackend(t, 'a');
  let connections = 0;
  backend.server.on('connection', () => connections++);
  for (let i = 0; i < 3; i++) await ask(backend.port, { type: 'http' });
  t.equal(connections, 3);
});

t.test('interim responses that nobody asked for do not matter', async (t) => {
  const { port } = await startCannedBackend(
    t,
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n',
  );
  t.same(await ask(port, { type: 'http' }), { isPass: true, reason: 'HTTP 204' });
});

t.test('what cannot be asked is an answer too', async (t) => {
  const backend = await startBackend(t, 'a');
  t.match(await ask(backend.port, { type: 'http', path: '/a b' }), { isPass: false });
});

t.test('a body that never ends does not matter', async (t) => {
  let isClosed = false;
  const endless: RequestListener = (_request, response) => {
    response.writeHead(200).write('x'.repeat(100_000));
    response.on('close', () => {
      isClosed = true;
    });
  };
  const backend = await startBackend(t, 'a', endless);
  const closed = new Promise((resolve) =>
    backend.server.on('connection', (socket) => socket.on('close', resolve)),
  );
  t.match(await ask(backend.port, { type: 'http', timeoutMs: 60_000 }), { isPass: true });
  await closed;
  t.ok(isClosed, 'its connection is closed');
});

t.test('an answer that does not come in time fails', async (t) => {
  const { port } = await startRawBackend(t, () => {});
  t.same(await ask(port, { type: 'http', timeoutMs: 30 }), {
    isPass: false,
    reason: 'no answer within 30 ms',
  });
});

t.test('a refused connection fails', async (t) => {
  for (const type of ['http', 'tcp'] as const)
    t.same(await ask(await deadPort(), { type }), { isPass: false, reason: 'connection refused' });
});

t.test('a connection that breaks before the answer fails', async (t) => {
  const reset = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const closed = await startRawBackend(t, (socket) => socket.once('data', () => socket.end()));
  for (const { port } of [reset, closed]) {
    t.same(await ask(port, { type: 'http' }), {
      isPass: false,
      reason: 'the connection was closed without an answer',
    });
  }
});

t.test('an answer that is no HTTP fails', async (t) => {
  const { port } = await startRawBackend(t, (socket) =>
    socket.once('data', () => socket.end('SSH-2.0-x\r\n')),
  );
  const { isPass, reason } = await ask(port, { type: 'http' });
  t.notOk(isPass);
  t.match(reason, 'does not match the HTTP/1.1 protocol');
});

t.test('by tcp it is enough that a connection is accepted, and it is closed then', async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { port } = await startRawBackend(t, (socket) => socket.resume().on('close', () => resolve()));
  t.same(await ask(port, { type: 'tcp', timeoutMs: 60_000 }), { isPass: true, reason: 'connected' });
  await closed;
});

t.test('an address from which nothing comes back fails in time', async (t) => {
  // Of the addresses for documentation (RFC 5737), which nobody has.
  for (const type of ['http', 'tcp'] as const)
    t.match(await ask(80, { type, timeoutMs: 30 }, '192.0.2.1'), { isPass: false });
});

t.test(
  'connections that nothing comes of fail each at its own time, and the last may wait longest',
  async (t) => {
    const port = await startUnreachable(t);
    if (port === undefined) {
      t.comment('no such backend can be made here');
      return;
    }
    const since = performance.now();
    // Turns of this process, 10 ms or longer: in each of them whatever is due is done, however busy the machine is.
    const turns: number[] = [];
    const timer = setInterval(() => turns.push(performance.now()), 10);
    t.teardown(() => clearInterval(timer));
    const late = async (timeoutMs: number) => {
      const result = await ask(port, { type: 'tcp', timeoutMs });
      t.same(result, { isPass: false, reason: `no connection within ${timeoutMs} ms` });
      const dueAt = since + timeoutMs;
      t.ok(performance.now() >= dueAt, `${timeoutMs} ms: not before`);
      t.ok(turns.filter((at) => at > dueAt).length < 20, `${timeoutMs} ms: nor much later`);
    };
    await Promise.all([late(700), late(50), late(350)]);
  },
);

t.test('a backend sees the end of a connection by tcp, and no reset', async (t) => {
  const { promise: heard, resolve } = Promise.withResolvers<string>();
  const { port } = await startRawBackend(t, (socket) =>
    socket
      .resume()
      .on('end', () => resolve('end'))
      .on('error', ({ message }) => resolve(message)),
  );
  t.match(await ask(port, { type: 'tcp' }), { isPass: true });
  t.equal(await heard, 'end');
});

t.test('a name that leads nowhere fails and never rejects', async (t) => {
  for (const type of ['http', 'tcp'] as const)
    t.match(await ask(80, { type, timeoutMs: 3_000 }, 'nowhere.invalid'), { isPass: false });
});

t.test('whoever says anything lives, whatever it is, and at the port that serves', async (t) => {
  const backend = await startBackend(t, 'a', (_request, response) => response.writeHead(503).end());
  const life = (check: Partial<HealthCheck>) =>
    probe({ host: '127.0.0.1', port: backend.port }, makeTarget('test', check).check, 'life');
  t.match(await life({ type: 'http', path: '/healthz', method: 'HEAD', host: 'shop.org' }), { isPass: true });
  t.match(await life({ type: 'tcp' }), { isPass: true });
  t.match(await life({ type: 'http', path: '/healthz', port: await deadPort() }), { isPass: true });
  t.match(backend.requests, [
    { method: 'HEAD', url: '/healthz', headers: { host: 'shop.org' } },
    { method: 'OPTIONS', url: '*' },
    { method: 'OPTIONS', url: '*' },
  ]);
});

t.test('one that accepts a connection and says nothing may be frozen', async (t) => {
  const { port } = await startRawBackend(t, (socket) => socket.resume());
  const { check } = makeTarget('test');
  t.match(await probe({ host: '127.0.0.1', port }, check, 'life'), { isPass: false, reason: /silent/ });
  t.match(await probe({ host: '127.0.0.1', port: await deadPort() }, check, 'life'), { isPass: false });
  const closing = await startRawBackend(t, (socket) => socket.once('data', () => socket.end()));
  t.match(await probe({ host: '127.0.0.1', port: closing.port }, check, 'life'), { isPass: false });
});
