import { createHash } from 'node:crypto';
import dns from 'node:dns';
import { once } from 'node:events';
import { get, request as httpRequest } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';
import t, { type Test } from 'tap';
import type { DataOptions } from '../../src/data/settings.ts';
import type { ServiceSettings } from '../../src/model/service.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { deadPort, startBackend, startCannedBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy, TEST_OPTIONS } from '../support/proxy.ts';
import { exchange, parseResponses } from '../support/responses.ts';
import { steady } from '../support/wait.ts';

/** A proxy whose only service is down and falls back to that URL. */
function startFallback(
  t: Test,
  url: string,
  settings: ServiceSettings = {},
  backends: number[] = [],
  options: Partial<DataOptions> = {},
) {
  return startProxy(t, [{ backends, settings: { fallback: [{ kind: 'url', url }], ...settings } }], options);
}

/** Nothing that is not public is allowed. */
const STRICT: Partial<DataOptions> = { border: { listeners: [], allowed: [], local: () => ['127.0.0.1'] } };

/** Makes a name stand for these addresses, or for none. */
function resolveTo(t: Test, ...addresses: string[]): void {
  const real = dns.lookup;
  const fake = (name: string, options: object, callback: (error: Error | null, found?: unknown) => void) => {
    // Listening looks up its address, too.
    if (isIP(name) !== 0) return real(name, options, callback as Parameters<typeof real>[1] & (() => void));
    setImmediate(() => {
      const found = addresses.map((address) => ({ address, family: isIP(address) }));
      if (found.length > 0) callback(null, found);
      else callback(Object.assign(new Error(`ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
    });
  };
  dns.lookup = fake as unknown as typeof real;
  syncBuiltinESMExports();
  t.teardown(() => {
    dns.lookup = real;
    syncBuiltinESMExports();
  });
}

t.test('the limit of a head holds for another site as for a backend', async (t) => {
  const { port } = await startBackend(t, 'site', (_request, response) =>
    response.setHeader('x', 'x'.repeat(20_000)).end('site'),
  );
  for (const [maxHeaderSize, status] of [
    [32_768, 200],
    [16_384, 502],
  ] as const) {
    const url = `http://127.0.0.1:${port}`;
    const proxy = await startFallback(t, url, {}, [], { maxHeaderSize });
    const client = await connectRaw(t, proxy.port);
    const answer = await exchange(client, 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
    t.equal(answer.status, status);
  }
});

t.test('another site answers, and is asked in its own name', async (t) => {
  const site = await startBackend(t, 'site', (request, response) => {
    response.writeHead(203, 'Mine', { 'X-Site': 'caf\xe9', 'Set-Cookie': ['a=1', 'b=2'] });
    request.resume().on('end', () => response.end(request.url));
  });
  const proxy = await startFallback(t, `http://127.0.0.1:${site.port}/base/`);
  const answer = await ask(proxy.port, {
    path: '/a?b=c',
    headers: { cookie: 'x' },
  });
  t.match(answer, {
    status: 203,
    body: '/base/a?b=c',
    headers: { 'x-site': 'caf\xe9', 'set-cookie': ['a=1', 'b=2'] },
  });
  t.match(site.requests[0]?.headers, {
    host: `127.0.0.1:${site.port}`,
    'x-forwarded-host': 'test.localhost',
    'x-forwarded-for': '127.0.0.1',
    cookie: 'x',
  });
  t.match(proxy.entries, [{ status: 203, service: 'test', backend: '' }]);
});

t.test('it gets the body, however that comes, also when a backend was tried before', async (t) => {
  const hash = (bytes: string) => createHash('sha256').update(bytes).digest('hex');
  const site = await startBackend(t, 'site', (request, response) => {
    const digest = createHash('sha256');
    request.on('data', (bytes) => digest.update(bytes)).on('end', () => response.end(digest.digest('hex')));
  });
  for (const backends of [[], [await deadPort()]]) {
    const proxy = await startFallback(t, `http://127.0.0.1:${site.port}`, {}, backends);
    for (const body of ['', 'small', 'x'.repeat(5_000_000)]) {
      t.equal((await ask(proxy.port, { method: 'POST', body })).body, hash(body), `${body.length} bytes`);
      const request = httpRequest({
        port: proxy.port,
        method: 'PUT',
        headers: { host: 'test.localhost' },
        agent: false,
      });
      request.write(body.slice(0, 1_000));
      setImmediate(() => request.end(body.slice(1_000)));
      const [response] = await once(request, 'response');
      const [answer] = await once(response, 'data');
      t.equal(String(answer), hash(body), `${body.length} bytes in chunks`);
    }
  }
});

t.test('a large response is passed on no faster than the client takes it', async (t) => {
  const size = 100_000_000;
  const pattern = new Pattern();
  let production: Production | undefined;
  const site = await startBackend(t, 'site', async (_request, response) => {
    response.setHeader('content-length', size);
    production = produce(response, pattern, size);
    await production.done;
    response.end();
  });
  const proxy = await startFallback(t, `http://127.0.0.1:${site.port}`);
  const request = get({ port: proxy.port, headers: { host: 'test.localhost' }, agent: false });
  const [response] = await once(request, 'response');
  response.pause();
  await eventually('a beginning', () => (production?.accepted() ?? 0) > 100_000);
  const accepted = await steady(() => production?.accepted() ?? 0);
  t.ok(accepted < 24_000_000, `${accepted} bytes were taken`);
  pattern.checkAll(response);
  await once(response, 'end');
  t.equal(pattern.checked, size);
  t.ok(pattern.isIntact);
});

t.test('HEAD, empty answers and errors of the other site are passed on', async (t) => {
  const site = await startBackend(t, 'site', (request, response) => {
    response.statusCode = Number(request.url?.slice(1));
    response.end();
  });
  const proxy = await startFallback(t, `http://127.0.0.1:${site.port}`);
  const client = await connectRaw(t, proxy.port);
  for (const [method, status] of [
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 304],
    ['GET', 500],
    ['GET', 200],
  ] as const) {
    const request = `${method} /${status} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`;
    t.match(await exchange(client, request, method), { status, body: '' }, `${method} ${status}`);
  }
});

t.test('another site that is not there, or no site, is an error and no more', async (t) => {
  const malformed = await startCannedBackend(t, 'nonsense\r\n\r\n');
  const resetting = await startRawBackend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  for (const port of [await deadPort(), malformed.port, resetting.port]) {
    const proxy = await startFallback(t, `http://127.0.0.1:${port}`);
    t.equal((await ask(proxy.port)).status, 502);
    t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).status, 502);
    const client = await connectRaw(t, proxy.port);
    client.send(
      `POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 5000000\r\n\r\n${'x'.repeat(3_000_000)}`,
    );
    t.equal((await exchange(client, '')).status, 502, 'also while the body is still coming');
  }
});

t.test('a response that breaks off is cut off', async (t) => {
  const { port } = await startRawBackend(t, (socket) =>
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome')),
  );
  const proxy = await startFallback(t, `http://127.0.0.1:${port}`);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  t.same(parseResponses(await client.untilClosed(), true), []);
});

t.test('a client that goes away is not waited for', async (t) => {
  let isClosed = false;
  const site = await startBackend(t, 'site', (request, response) => {
    response.on('close', () => {
      isClosed = true;
    });
    request.resume();
    response.write('some');
  });
  const proxy = await startFallback(t, `http://127.0.0.1:${site.port}`);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 9\r\n\r\nsome');
  await client.until((received) => received.includes('some'), 'a beginning');
  client.socket.destroy();
  await eventually('the end', () => isClosed);
});

t.test('a name that stands for nothing is a failed fallback, and the next one answers', async (t) => {
  resolveTo(t);
  const url = 'http://nowhere.invalid/';
  const proxy = await startFallback(t, url);
  t.equal((await ask(proxy.port)).status, 502);
  t.equal((await ask(proxy.port, { method: 'POST', body: 'x' })).status, 502);
  const site = await startBackend(t, 'site');
  const next = `http://127.0.0.1:${site.port}/`;
  proxy.apply({
    backends: [],
    settings: {
      fallback: [
        { kind: 'url', url },
        { kind: 'url', url: next },
      ],
    },
  });
  t.match(await ask(proxy.port), { status: 200, body: 'site' });
});

t.test('a label does not lead to what is not public, by address or by name', async (t) => {
  const site = await startBackend(t, 'secret');
  for (const host of [
    '127.0.0.1',
    '[::ffff:127.0.0.1]',
    'localhost',
    'x.localhost',
    '0.0.0.0',
    '2130706433',
  ]) {
    const url = `http://${host}:${site.port}/`;
    t.equal((await ask((await startFallback(t, url, {}, [], STRICT)).port)).status, 502, host);
    const operators: ServiceSettings = { fallback: [{ kind: 'url', url, mayBePrivate: true }] };
    const trusting = await startFallback(t, url, operators, [], STRICT);
    // What the operator says is tried, whatever it is.
    t.not((await ask(trusting.port)).body, '', host);
  }
  t.ok(site.requests.length > 0, 'the operator may');
});

t.test('all that a name stands for is judged, each time that a connection is opened', async (t) => {
  const site = await startBackend(t, 'secret', (_request, response) => {
    response.setHeader('connection', 'close');
    response.end('secret');
  });
  const url = `http://rebound.example:${site.port}/`;
  const open = await startFallback(t, url);
  resolveTo(t, '127.0.0.1');
  t.equal((await ask(open.port)).body, 'secret', 'it is allowed here');
  resolveTo(t, '127.0.0.1', '10.0.0.1');
  t.equal((await ask(open.port)).status, 502, 'one of its addresses is not');
  t.equal(site.requests.length, 1);
});

t.test('a connection that the operator may have is not lent to a label', async (t) => {
  const site = await startBackend(t, 'secret');
  const url = `http://127.0.0.1:${site.port}/`;
  const fallback = (mayBePrivate?: true) => ({
    kind: 'url' as const,
    url,
    ...(mayBePrivate && { mayBePrivate }),
  });
  const proxy = await startProxy(t, [{ backends: [], settings: { fallback: [fallback(true)] } }], STRICT);
  t.equal((await ask(proxy.port)).status, 200);
  proxy.apply({ backends: [], settings: { fallback: [fallback()] } });
  t.equal((await ask(proxy.port)).status, 502);
});

t.test('nobody is led to where Fairlead listens, not even the operator', async (t) => {
  const admin = await startBackend(t, 'admin');
  const border = { ...TEST_OPTIONS.border, listeners: [{ host: '127.0.0.1', port: admin.port }] };
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '[::1]', '0.0.0.0', '[::ffff:127.0.0.1]']) {
    const url = `http://${host}:${admin.port}/`;
    const settings: ServiceSettings = { fallback: [{ kind: 'url', url, mayBePrivate: true }] };
    t.equal((await ask((await startFallback(t, url, settings, [], { border })).port)).status, 502, host);
  }
  t.equal(admin.requests.length, 0);
});

t.test('a redirect of the other site is the answer, and is not followed', async (t) => {
  const secret = await startBackend(t, 'secret');
  const location = `http://127.0.0.1:${secret.port}/`;
  const site = await startBackend(t, 'site', (_request, response) => {
    response.writeHead(302, { location }).end();
  });
  const proxy = await startFallback(t, `http://127.0.0.1:${site.port}/`);
  t.match(await ask(proxy.port), { status: 302, headers: { location } });
  t.equal(secret.requests.length, 0);
});

t.test('an address that cannot be judged is refused, be it looked up or not', async (t) => {
  const site = await startBackend(t, 'site');
  const local = () => {
    throw new Error('injected');
  };
  const border = { listeners: [{ host: '::', port: site.port }], allowed: [], local };
  const before = internalErrors.counts['request'] ?? 0;
  resolveTo(t, '192.0.2.1');
  for (const host of ['192.0.2.1', 'name.example']) {
    const proxy = await startFallback(t, `http://${host}:${site.port}/`, {}, [], { border });
    t.equal((await ask(proxy.port)).status, 502, host);
  }
  t.equal(internalErrors.counts['request'], before + 2);
});
