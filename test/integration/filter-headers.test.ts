import t, { type Test } from 'tap';
import type { Filter } from '../../src/model/filter.ts';
import { deadPort, startBackend, startCannedBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { requestHeaders, responseHeaders } from '../support/filters.ts';
import { startManualBackend, startMirror } from '../support/manual.ts';
import { startProxy, type TestService } from '../support/proxy.ts';
import { openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

/** The lines that a backend gets of a request with these. */
async function linesAtBackend(
  t: Test,
  filters: readonly Filter[],
  headers: Record<string, string>,
  more: Partial<Parameters<typeof startProxy>[2]> = {},
): Promise<string[]> {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ routes: [{ filters }], backends: [mirror.port] }], more);
  const { body } = await ask(proxy.port, { headers });
  return body.split('\r\n').slice(1, -2);
}

const named = (lines: readonly string[], name: string) =>
  lines.filter((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`));

t.test('a request header takes the place of all that the client sent of that name', async (t) => {
  const lines = await linesAtBackend(t, [requestHeaders('X-User=shop', 'X-Gone-', 'X-More+1')], {
    'x-user': 'admin',
    'x-gone': 'a',
    'x-more': '0',
    'x-other': 'b',
  });
  t.same(named(lines, 'x-user'), ['X-User: shop']);
  t.same(named(lines, 'x-gone'), []);
  t.same(named(lines, 'x-more'), ['x-more: 0', 'X-More: 1']);
  t.same(named(lines, 'x-other'), ['x-other: b']);
});

t.test('a client cannot bring it back by a spelling that programs take for the same', async (t) => {
  const lines = await linesAtBackend(
    t,
    [requestHeaders('X-User=shop')],
    { x_user: 'admin' },
    { keepUnderscores: true },
  );
  t.same(
    lines.filter((line) => /user/i.test(line)),
    ['X-User: shop'],
  );
});

t.test('it takes the place of what Fairlead itself says of a client', async (t) => {
  const lines = await linesAtBackend(t, [requestHeaders('X-Forwarded-Proto=https', 'X-Real-IP-')], {});
  t.same(named(lines, 'x-forwarded-proto'), ['X-Forwarded-Proto: https']);
  t.same(named(lines, 'x-real-ip'), []);
  t.same(named(lines, 'x-forwarded-for'), ['X-Forwarded-For: 127.0.0.1']);
  t.same(named(lines, 'via').length, 1);
});

t.test('a placeholder is the address, the host and the id of its request', async (t) => {
  const trustedProxies = ['127.0.0.0/8'];
  const lines = await linesAtBackend(
    t,
    [requestHeaders('X-A=<{client}> <{host}>', 'X-Request-Id={id}')],
    { 'x-forwarded-for': '192.0.2.7', 'x-request-id': 'abc' },
    { trustedProxies },
  );
  t.same(named(lines, 'x-a'), ['X-A: <192.0.2.7> <test.localhost>']);
  t.same(named(lines, 'x-request-id'), ['X-Request-Id: abc']);
});

t.test('of several filters the later has the last word', async (t) => {
  const mirror = await startMirror(t);
  const filters = [
    requestHeaders('X-A=1', 'X-B=1'),
    requestHeaders('X-A=2', 'X-B-'),
    responseHeaders('X-C=1', 'X-D=1'),
    responseHeaders('X-C=2', 'X-D-'),
  ];
  const proxy = await startProxy(t, [{ routes: [{ filters }], backends: [mirror.port] }]);
  const { body, headers } = await ask(proxy.port);
  t.match(body, /^X-A: 2\r$/m);
  t.notMatch(body, /X-B|X-A: 1/);
  t.match(headers, { 'x-c': '2', 'x-d': undefined });
  proxy.apply({ routes: [{ filters }], backends: [] });
  t.match((await ask(proxy.port)).headers, { 'x-c': '2', 'x-d': undefined }, 'also of our own answers');
});

t.test('a request header is set once, also when the request is retried', async (t) => {
  const seen: string[] = [];
  const backends = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      startBackend(t, name, (request, response) => {
        seen.push(
          ...request.rawHeaders.filter((_, i) => request.rawHeaders[i - 1]?.toLowerCase() === 'x-user'),
        );
        response.statusCode = seen.length < 3 ? 503 : 200;
        response.end();
      }),
    ),
  );
  const settings: TestService['settings'] = {
    retry: { attempts: 2, on: { reset: true, timeout: true, status: [[503, 503]] } },
  };
  const filters = [requestHeaders('X-User=shop-{id}'), responseHeaders('X-Id={id}')];
  const proxy = await startProxy(t, [
    { settings, routes: [{ filters }], backends: backends.map(({ port }) => port) },
  ]);
  const { status, headers } = await ask(proxy.port, { headers: { 'x-user': 'admin' } });
  t.equal(status, 200);
  t.equal(seen.length, 3, 'each backend had one');
  t.same([...new Set(seen)], [`shop-${headers['x-id']}`]);
});

t.test('a response header takes the place of the backend’s', async (t) => {
  const backend = await startBackend(t, 'a', (_, response) => {
    response.setHeader('Server', 'old');
    response.setHeader('X-Powered-By', 'PHP');
    response.setHeader('X-Kept', 'yes');
    response.setHeader('Vary', 'Cookie');
    response.setHeader('Content-Length', 4);
    response.end('body');
  });
  const filters = [responseHeaders('Server=shop', 'X-Powered-By-', 'Vary+Accept', 'X-Frame-Options=DENY')];
  const proxy = await startProxy(t, [{ routes: [{ filters }], backends: [backend.port] }]);
  for (const method of ['GET', 'HEAD']) {
    const answer = await ask(proxy.port, { method });
    t.match(answer.headers, {
      server: 'shop',
      'x-kept': 'yes',
      vary: ['Cookie', 'Accept'],
      'x-frame-options': 'DENY',
      'content-length': '4',
    });
    t.equal(answer.headers['x-powered-by'], undefined);
    t.equal(answer.body, method === 'GET' ? 'body' : '');
  }
});

t.test('an interim response goes on as it is', async (t) => {
  const backend = await startManualBackend(t);
  const filters = [responseHeaders('X-A=1', 'Link-')];
  const proxy = await startProxy(t, [{ routes: [{ filters }], backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  await backend.head(0);
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n';
  (await backend.connection(0)).send(`${hint}HTTP/1.1 200 OK\r\nLink: x\r\nContent-Length: 0\r\n\r\n`);
  const all = await client.until((text) => text.includes('X-A'), 'a response');
  t.equal(all, `${hint}HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A: 1\r\n\r\n`);
});

t.test('the sticky cookie of Fairlead stays, whatever becomes of cookies', async (t) => {
  const backend = await startBackend(t, 'a', (_, response) => {
    response.setHeader('Set-Cookie', 'own=1');
    response.end();
  });
  const filters = [responseHeaders('Set-Cookie-')];
  const proxy = await startProxy(t, [
    { settings: { sticky: { by: 'cookie' } }, routes: [{ filters }], backends: [backend.port] },
  ]);
  const { headers } = await ask(proxy.port);
  t.match(headers['set-cookie'], /^fairlead_/);
});

t.test('what Fairlead itself answers has them too, but for what says something of one answer', async (t) => {
  const filters = [
    responseHeaders(
      'Strict-Transport-Security=max-age=60',
      'Content-Security-Policy=default-src',
      'Cache-Control=public, max-age=3600',
      'Content-Type=application/json',
      'Content-Encoding=gzip',
      'X-Request-Id-',
    ),
  ];
  const pages = t.testdir({ '502.html': 'broken' });
  const routes = [{ filters }];
  const proxy = await startProxy(t, [{ routes, backends: [] }], { pages });
  const isGuarded = async (status: number, type: string) => {
    const { headers, ...answer } = await ask(proxy.port);
    t.equal(answer.status, status);
    t.match(headers, {
      'strict-transport-security': 'max-age=60',
      'content-security-policy': 'default-src',
      'cache-control': 'no-store',
      'content-type': type,
      'content-encoding': undefined,
      'x-request-id': /./,
    });
  };
  await isGuarded(503, 'text/plain; charset=utf-8');
  proxy.apply({ routes, settings: { fallback: [{ kind: 'status', status: 404 }] }, backends: [] });
  await isGuarded(404, 'text/plain; charset=utf-8');
  const errorPages = [{ status: [502, 502] as const, file: '502.html' }];
  proxy.apply({ routes, settings: { errorPages }, backends: [await deadPort()] });
  await isGuarded(502, 'text/html; charset=utf-8');
  const { headers } = await ask(proxy.port, { host: 'nowhere.localhost' });
  t.equal(headers['strict-transport-security'], undefined, 'where no route is, there is no filter');
});

t.test('a site that stands in is told nothing that was meant for the backends', async (t) => {
  const site = await startBackend(t, 'site');
  const filters = [
    requestHeaders('Authorization=Basic secret', 'Cookie-', 'X-Forwarded-For-'),
    responseHeaders('X-A=1'),
  ];
  const fallback = [{ kind: 'url' as const, url: `http://127.0.0.1:${site.port}` }];
  const proxy = await startProxy(t, [{ settings: { fallback }, routes: [{ filters }], backends: [] }]);
  const answer = await ask(proxy.port, { headers: { authorization: 'Basic own', cookie: 'a=b' } });
  t.match(answer, { status: 200, body: 'site', headers: { 'x-a': '1' } });
  const headers = site.requests[0]?.headers ?? {};
  for (const name of ['authorization', 'cookie', 'x-forwarded-for']) t.equal(headers[name], undefined, name);
  t.ok(headers['x-real-ip']);
});

t.test('an upgraded connection has its headers edited like others', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const filters = [requestHeaders('X-User=shop', 'Origin-'), responseHeaders('X-A=1', 'X-B-')];
  const proxy = await startProxy(t, [{ routes: [{ filters }], backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(
    'GET / HTTP/1.1\r\nHost: test.localhost\r\nX-User: admin\r\nOrigin: http://a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const head = await client.until((text) => text.includes('\r\n\r\n'), 'a head');
  t.match(head, /^HTTP\/1\.1 101 /);
  t.match(head, /^x-a: 1\r$/im);
  t.match(head, /^upgrade: websocket\r$/im);
  t.match(head, /^connection: upgrade\r$/im);
  t.match(head, /^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/im);
  const headers = backend.requests[0]?.headers ?? {};
  t.match(headers, { 'x-user': 'shop', origin: undefined });
  (await openWebSocket(t, proxy.port)).close();
});

t.test('a 101 keeps its cookies, those of the backend and that of Fairlead', async (t) => {
  const { port } = await startCannedBackend(
    t,
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: toy\r\nSet-Cookie: own=1\r\nX-B: 1\r\n\r\n',
  );
  const routes = [{ filters: [responseHeaders('X-B-')] }];
  const proxy = await startProxy(t, [{ settings: { sticky: { by: 'cookie' } }, routes, backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: toy\r\n\r\n');
  const head = await client.until((text) => text.includes('\r\n\r\n'), 'a head');
  t.match(head, /^set-cookie: own=1\r$/im);
  t.match(head, /^set-cookie: fairlead_[0-9a-f]+=/im);
  t.notMatch(head, /^x-b/im);
});
