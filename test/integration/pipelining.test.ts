import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { parseResponses, responses } from '../support/responses.ts';
import { lasting, steady } from '../support/wait.ts';

const get = (path: string, host = 'test.localhost') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

t.test('many requests in one piece are answered in order', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => {
    // The earlier ones take longer.
    const rest = 5 - (Number(request.url?.slice(1)) % 5);
    setTimeout(() => response.end(request.url), rest);
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(
    numbers(60)
      .map((i) => get(`/${i}`))
      .join(''),
  );
  t.same(
    (await responses(client, 60)).map(({ body }) => body),
    numbers(60).map((i) => `/${i}`),
  );
});

t.test('requests that are cut anywhere are answered in order', async (t) => {
  const backend = await startBackend(t, 'a', (request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk)).on('end', () => response.end(request.url + body));
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const post = (path: string, body: string) =>
    `POST ${path} HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const chunked =
    'PUT /c HTTP/1.1\r\nHost: test.localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n2\r\nyz\r\n0\r\n\r\n';
  const wire = get('/a') + post('/b', 'GET / HTTP/1.1\r\n\r\n') + chunked + get('/d') + post('/e', '');
  const expected = ['/a', '/bGET / HTTP/1.1\r\n\r\n', '/cxyz', '/d', '/e'];
  for (const step of [1, 2, 3, 7, 40, 100]) {
    const client = await connectRaw(t, proxy.port);
    for (let at = 0; at < wire.length; at += step) {
      client.send(wire.slice(at, at + step));
      if (at % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    t.same(
      (await responses(client, 5)).map(({ body }) => body),
      expected,
      `in steps of ${step}`,
    );
  }
});

t.test('only one request of a client is under way at a time', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(get('/1') + get('/2'));
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send(okText('one'));
  await connection.until((received) => received.includes('/2'), 'the second request');
  t.equal(backend.connections.length, 1);
  t.equal(connection.received.match(/GET/g)?.length, 2);
  connection.send(okText('two'));
  t.same(
    (await responses(client, 2)).map(({ body }) => body),
    ['one', 'two'],
  );
});

t.test('empty lines before a request are passed over', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`\r\n${get('/')}\r\n\r\n\r\n${get('/')}`);
  t.same(
    (await responses(client, 2)).map(({ status }) => status),
    [200, 200],
  );
});

t.test('10,000 requests that are answered at once do not grow the stack', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(get('/', 'nobody.localhost').repeat(10_000));
  await lasting(() => proxy.entries.length, 10_000, 'the last answer');
  const found = await responses(client, 10_000);
  t.equal(found.length, 10_000);
  t.ok(found.every(({ status }) => status === 404));
  t.equal(proxy.plane.stats().unrouted[404], 10_000);
});

t.test('what was asked after an error is answered as well', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(get('/', 'nobody.localhost') + get('/') + get('/', 'nobody.localhost') + get('/'));
  t.same(
    (await responses(client, 4)).map(({ status }) => status),
    [404, 200, 404, 200],
  );
});

t.test('after a request that is refused nothing more is answered', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${get('/1')}GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${get('/2')}`);
  await client.untilClosed();
  t.same(
    (await responses(client, 2)).map(({ status }) => status),
    [200, 400],
  );
  t.same(
    backend.requests.map(({ url }) => url),
    ['/1'],
  );
});

t.test('a client that asks and asks but never reads is not asked for more', async (t) => {
  const body = 'x'.repeat(50_000);
  const backend = await startBackend(t, 'a', (_request, response) => response.end(body));
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.socket.pause();
  const total = 400;
  client.send(get('/').repeat(total));
  await eventually('the first answer', () => proxy.entries.length > 0);
  const answered = await steady(() => proxy.entries.length);
  t.ok(answered < total / 2, `${answered} of ${total} were answered`);
  client.socket.resume();
  await client.until((received) => received.length > total * body.length, 'all bodies');
  t.equal((await responses(client, total)).length, total, 'until the client reads');
});

t.test('also when nobody but the proxy answers', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const client = await connectRaw(t, proxy.port);
  client.socket.pause();
  // As pages they are more than the kernel keeps, twice over.
  const total = 25_000;
  client.send(`GET / HTTP/1.1\r\nHost: nobody.localhost\r\nAccept: text/html\r\n\r\n`.repeat(total));
  await eventually('the first answer', () => proxy.entries.length > 0);
  const answered = await steady(() => proxy.entries.length);
  t.ok(answered < total / 2, `${answered} of ${total} were answered`);
  client.socket.resume();
  // As long as answers come: how long they all take is the machine's affair.
  await lasting(() => proxy.entries.length, total, 'the last answer');
  // They differ in nothing but their ids; to parse them all with each piece that comes would take for ever.
  const [first] = parseResponses(client.received);
  const size = (first?.head ?? '').length + 4 + (first?.body ?? '').length;
  await lasting(() => client.received.length, total * size, 'all of it');
  t.equal(parseResponses(client.received).length, total);
});
