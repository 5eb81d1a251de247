import { createHash, randomBytes } from 'node:crypto';
import t from 'tap';
import { startBackend, startCannedBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { okText } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const hash = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

t.test('a response with a length keeps it, one in chunks or without a length comes in chunks', async (t) => {
  const chunked =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n';
  for (const [answer, header, value] of [
    [okText('hello!'), 'content-length', '6'],
    [chunked, 'transfer-encoding', 'chunked'],
  ] as const) {
    const { port } = await startCannedBackend(t, answer);
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    for (let i = 0; i < 3; i++) {
      const response = await exchange(client, GET);
      t.equal(response.body, 'hello!');
      t.equal(response.headers[header], value);
    }
  }
});

t.test('a response that ends with its connection ends where it should, and the client stays', async (t) => {
  for (const version of ['1.0', '1.1']) {
    const { port } = await startRawBackend(t, (socket) =>
      socket.once('data', () => socket.end(`HTTP/${version} 200 OK\r\nX: y\r\n\r\nuntil the end`)),
    );
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    for (let i = 0; i < 2; i++) {
      const response = await exchange(client, GET);
      t.equal(response.body, 'until the end');
      t.equal(response.headers['transfer-encoding'], 'chunked');
      t.equal(response.headers['connection'], undefined);
    }
  }
});

t.test('a request body reaches the backend in the framing in which it came', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const post = `POST / HTTP/1.1\r\nHost: test.localhost\r\n`;
  for (const framing of [
    'Content-Length: 5\r\n\r\nhello',
    'Content-Length: 005\r\n\r\nhello',
    'Transfer-Encoding: chunked\r\n\r\n2;x\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n',
    'Content-Length: 0\r\n\r\n',
    'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    '\r\n',
  ]) {
    t.equal((await exchange(client, post + framing)).status, 200);
  }
  const framings = backend.requests.map(({ headers }) => [
    headers['content-length'],
    headers['transfer-encoding'],
  ]);
  t.same(framings, [
    ['5', undefined],
    ['5', undefined],
    [undefined, 'chunked'],
    ['0', undefined],
    [undefined, 'chunked'],
    [undefined, undefined],
  ]);
});

t.test('10 MB come through whole in both directions, in both framings', async (t) => {
  const download = randomBytes(10_000_000);
  const upload = randomBytes(10_000_000);
  const backend = await startBackend(t, 'a', (request, response) => {
    const digest = createHash('sha256');
    request.on('data', (chunk) => digest.update(chunk));
    request.on('end', () => {
      response.setHeader('x-upload', digest.digest('hex'));
      if (request.headers['content-length'] === undefined) response.write(download.subarray(0, 1));
      else response.setHeader('content-length', download.length).write(download.subarray(0, 1));
      response.end(download.subarray(1));
    });
  });
  const proxy = await startProxy(t, [{ backends: [backend.port], routes: [{ host: '*' }] }]);
  for (const isChunked of [false, true]) {
    const body = isChunked ? new Blob([upload]).stream() : upload;
    const response = await fetch(`http://127.0.0.1:${proxy.port}/`, {
      method: 'POST',
      body,
      ...(isChunked && { duplex: 'half' }),
    } as RequestInit);
    t.equal(response.headers.get('x-upload'), hash(upload));
    t.equal(hash(Buffer.from(await response.arrayBuffer())), hash(download));
  }
});

t.test('a body that comes byte by byte is passed on whole', async (t) => {
  const wire = `HTTP/1.1 200 OK\r\nX: \xe9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e\r\nde\r\n0\r\n\r\n`;
  const { port } = await startRawBackend(t, (socket) => {
    socket.setNoDelay(true);
    let at = 0;
    const next = () => {
      if (at < wire.length) socket.write(wire.charAt(at++), 'latin1', () => setImmediate(next));
    };
    socket.once('data', next);
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  t.match(await exchange(client, GET), { status: 200, body: 'abcde', headers: { x: '\xe9' } });
});

t.test('empty bodies, HEAD, 204 and 304 end at once and keep the connection', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => {
    const status = Number(request.url?.slice(1));
    response.writeHead(status, status === 304 ? { etag: '"x"', 'content-length': 7 } : {});
    response.end(request.method === 'HEAD' || status !== 200 ? undefined : '');
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  for (const [method, status] of [
    ['GET', 204],
    ['GET', 304],
    ['HEAD', 200],
    ['HEAD', 404],
    ['GET', 200],
    ['DELETE', 204],
  ] as const) {
    const response = await exchange(
      client,
      `${method} /${status} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`,
      method,
    );
    t.match(response, { status, body: '' }, `${method} ${status}`);
    if (status === 204) t.notMatch(response.head, /content-length|transfer-encoding/i);
    if (status === 304) t.equal(response.headers['content-length'], '7');
  }
  t.equal((await ask(proxy.port, { path: '/200' })).body, '');
});

t.test('the length that a HEAD tells is the one that a GET would have', async (t) => {
  const { port } = await startCannedBackend(t, 'HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n');
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 2; i++) {
    const response = await exchange(client, 'HEAD / HTTP/1.1\r\nHost: test.localhost\r\n\r\n', 'HEAD');
    t.equal(response.headers['content-length'], '12345');
  }
});
