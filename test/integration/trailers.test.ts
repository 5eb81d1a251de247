import t from 'tap';
import { startCannedBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses } from '../support/responses.ts';

const get = (...lines: string[]) =>
  `GET / HTTP/1.1\r\n${['Host: test.localhost', ...lines].join('\r\n')}\r\n\r\n`;
const TRAILED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nx-tail: \xe9\r\n\r\n';

t.test('trailers of a response reach a client that takes them, and no other', async (t) => {
  const { port } = await startCannedBackend(t, TRAILED);
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  const wanted = await exchange(client, get('TE: trailers', 'Connection: TE'));
  t.match(wanted, { body: 'ok', trailers: 'X-Sum: 1\r\nx-tail: \xe9\r\n' });
  t.match(await exchange(client, get()), { body: 'ok', trailers: '' });
  client.send('GET / HTTP/1.0\r\nHost: test.localhost\r\nTE: trailers\r\n\r\n');
  client.received = '';
  t.match(parseResponses(await client.untilClosed(), true), [{ body: 'ok' }], 'HTTP/1.0 gets the body alone');
});

t.test('the backend learns that trailers are taken', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(get('TE: gzip, trailers'));
  t.match(await backend.head(0), /\r\nTE: trailers\r\nConnection: TE\r\n/);
  (await backend.connection(0)).send(okText('x'));
});

t.test('trailers of a request reach the backend only from a client that speaks of trailers', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const put = (...lines: string[]) =>
    `PUT / HTTP/1.1\r\n${['Host: test.localhost', 'Transfer-Encoding: chunked', ...lines].join('\r\n')}\r\n\r\n`;
  const body = '2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n';
  for (const [head, end] of [
    [put('TE: trailers'), '2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n'],
    [put('Trailer: X-Sum'), '2\r\nok\r\n0\r\n\r\n'],
  ] as const) {
    client.received = '';
    client.send(head + body);
    const connection = await backend.connection(0);
    t.ok(await connection.until((received) => received.endsWith(`\r\n\r\n${end}`), 'the body'));
    connection.received = '';
    connection.send(okText('x'));
    await client.until((received) => received.endsWith('x'), 'the response');
  }
});

t.test('a trailer that only a header may be ends the request', async (t) => {
  for (const line of [
    'Host: evil',
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Authorization: x',
    'X : y',
  ]) {
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send(
      `PUT / HTTP/1.1\r\nHost: test.localhost\r\nTE: trailers\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${line}\r\n\r\n${get()}`,
    );
    t.match(parseResponses(await client.untilClosed(), true), [{ status: 400 }], line);
    const seen = backend.connections.map(({ received }) => received).join();
    t.notMatch(seen, '\r\n0\r\n', 'the backend never sees the end of it');
  }
});

t.test('a trailer of a response that is malformed cuts it off', async (t) => {
  const { port } = await startCannedBackend(t, TRAILED.replace('X-Sum', 'Content-Length'));
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(get('TE: trailers'));
  t.same(parseResponses(await client.untilClosed(), true), [], 'no whole response');
});
