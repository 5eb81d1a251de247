import t from 'tap';
import { startBackend, startCannedBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { okText, startMirror } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses } from '../support/responses.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';

t.test('HTTP/1.0 without keep-alive is answered and closed', async (t) => {
  for (const answer of [okText('hello'), CHUNKED]) {
    const { port } = await startCannedBackend(t, answer);
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send('GET / HTTP/1.0\r\nHost: test.localhost\r\n\r\n');
    const [response] = parseResponses(await client.untilClosed(), true);
    t.match(response, { status: 200, body: 'hello', headers: { connection: 'close' } });
    t.equal(response?.headers['transfer-encoding'], undefined, 'chunks are not for HTTP/1.0');
  }
});

t.test('HTTP/1.0 with keep-alive stays as long as lengths are known', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => {
    if (request.url === '/length') response.setHeader('content-length', 5);
    else response.write('');
    response.end('hello');
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const get = (path: string) =>
    `GET ${path} HTTP/1.0\r\nHost: test.localhost\r\nConnection: Keep-Alive\r\n\r\n`;
  for (let i = 0; i < 3; i++) {
    t.match(await exchange(client, get('/length')), { body: 'hello', headers: { connection: 'keep-alive' } });
  }
  client.received = '';
  client.send(get('/unknown'));
  const [last] = parseResponses(await client.untilClosed(), true);
  t.match(last, { body: 'hello', headers: { connection: 'close' } });
});

t.test('HTTP/1.0 without Host reaches the route for any host, and the backend gets a Host', async (t) => {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port], routes: [{ host: '*' }] }]);
  for (const [request, host] of [
    ['GET /x HTTP/1.0\r\n\r\n', `127.0.0.1:${mirror.port}`],
    ['GET http://shop.example:81/x HTTP/1.0\r\n\r\n', 'shop.example:81'],
  ] as const) {
    const client = await connectRaw(t, proxy.port);
    client.send(request);
    const [response] = parseResponses(await client.untilClosed(), true);
    t.match(response?.body, /^GET \/x HTTP\/1\.1\r\n/);
    t.same(response?.body.match(/^host: .*$/gim), [`Host: ${host}`]);
  }
});

t.test('HTTP/1.0 without Host is not led to a route of a name', async (t) => {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.0\r\n\r\n');
  t.match(parseResponses(await client.untilClosed(), true), [{ status: 404 }]);
});

t.test('an HTTP/1.0 backend serves HTTP/1.1 clients', async (t) => {
  for (const answer of [
    'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    okText('hello').replace('1.1', '1.0'),
  ]) {
    const { port } = await startCannedBackend(t, answer);
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    for (let i = 0; i < 2; i++) {
      const response = await exchange(client, 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
      t.match(response, { status: 200, body: 'hello' });
      t.match(response.head, /^HTTP\/1\.1 /);
    }
  }
});
