import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { get, request as httpRequest } from 'node:http';
import t, { type Test } from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { deadPort, startBackend, startCannedBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses } from '../support/responses.ts';
import { eventually, steady } from '../support/wait.ts';

/** A proxy whose only service is down and falls back to that URL. */
function startFallback(t: Test, url: string, settings: ServiceSettings = {}, backends: number[] = []) {
  return startProxy(t, [{ backends, settings: { ...settings, fallback: [{ kind: 'url', url }] } }]);
}

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
  await eventually(() => (production?.accepted() ?? 0) > 100_000, 'a beginning');
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
  await eventually(() => isClosed, 'the end');
});
