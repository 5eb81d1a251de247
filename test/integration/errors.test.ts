import t from 'tap';
import { deadPort, startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';

const BROWSER = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8';

t.test('a host that nobody serves is 404', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port], routes: [{ path: '/api' }] }]);
  t.equal((await ask(proxy.port, { host: 'other.localhost', path: '/api' })).status, 404);
  t.equal((await ask(proxy.port, { path: '/apis' })).status, 404);
  t.equal(backend.requests.length, 0);
  t.equal(proxy.plane.stats().unrouted[404], 2);
});

t.test('a service without backends is 503, with a time to come again', async (t) => {
  const backend = await startBackend(t, 'a');
  const out = [
    [],
    [{ port: backend.port, flags: ['FailedCheck'] as const }],
    [{ port: backend.port, weight: 0 }],
  ];
  for (const backends of out) {
    const proxy = await startProxy(t, [{ backends }]);
    const answer = await ask(proxy.port);
    t.equal(answer.status, 503);
    t.match(answer.headers['retry-after'], /^\d+$/);
    t.equal(proxy.plane.stats().services['test']?.codes[503], 1);
  }
  t.equal(backend.requests.length, 0);
});

t.test('an error comes as what the client accepts', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  for (const [accept, type] of [
    [BROWSER, 'text/html; charset=utf-8'],
    ['application/json', 'application/problem+json'],
    ['*/*', 'text/plain; charset=utf-8'],
  ] as const) {
    const { headers, body } = await ask(proxy.port, { headers: { accept } });
    t.equal(headers['content-type'], type);
    t.match(body, '503');
    t.ok(headers['date']);
  }
});

t.test('an error has a request id, which is the client’s own where that is a plain word', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const ids = [];
  for (const sent of [undefined, undefined, 'abc-1.2:3_4', '<b>', 'x'.repeat(65), 'a b']) {
    const { headers, body } = await ask(
      proxy.port,
      sent === undefined ? {} : { headers: { 'x-request-id': sent } },
    );
    const id = String(headers['x-request-id']);
    t.match(body, id);
    t.equal(id === sent, sent === 'abc-1.2:3_4', sent ?? 'none');
    ids.push(id);
  }
  t.equal(new Set(ids).size, 6);
  t.same(
    proxy.entries.map(({ requestId }) => requestId),
    ids,
    'and the log tells the same',
  );
});

t.test('a HEAD is answered without a body, and the connection stays', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 3; i++) {
    const response = await exchange(client, 'HEAD / HTTP/1.1\r\nHost: test.localhost\r\n\r\n', 'HEAD');
    t.equal(response.status, 503);
    t.ok(Number(response.headers['content-length']) > 0);
  }
  t.equal((await exchange(client, 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n')).status, 503);
});

t.test('what was refused after a HEAD comes with its body', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const client = await connectRaw(t, proxy.port);
  await exchange(client, 'HEAD / HTTP/1.1\r\nHost: test.localhost\r\n\r\n', 'HEAD');
  t.match(await exchange(client, 'GET / HTTP/1.1\r\n\r\n'), { status: 400, body: /Host header is missing/ });
});

t.test('an error page shows nothing of the request as HTML', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const client = await connectRaw(t, proxy.port);
  const { body } = await exchange(
    client,
    `GET /<script>alert(1)</script>?<img> HTTP/1.1\r\nHost: test.localhost\r\nX-Request-Id: <script>\r\nAccept: text/html\r\n\r\n`,
  );
  t.match(body, '<!doctype html>');
  t.notMatch(body, /<script|<img/);
});

t.test('an error tells nothing of the inside', async (t) => {
  const port = await deadPort();
  const proxy = await startProxy(t, [{ backends: [port] }]);
  for (const accept of [BROWSER, 'application/json', '']) {
    const { status, body } = await ask(proxy.port, { headers: { accept } });
    t.equal(status, 502);
    t.notMatch(body, /ECONN|127\.0\.0\.1|backend-/);
    t.notMatch(body, String(port));
  }
});

t.test('a client gets its answer although it sent a body that nobody wants', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(
    `POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`,
  );
  const response = await exchange(client, '');
  t.match(response, { status: 503, headers: { connection: 'close' } });
});
