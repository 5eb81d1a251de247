import t from 'tap';
import { startBackend, startCannedBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, responses } from '../support/responses.ts';

const head = (...lines: string[]) =>
  `GET / HTTP/1.1\r\n${['Host: test.localhost', ...lines].join('\r\n')}\r\n\r\n`;
const LIMITS = { maxHeaderSize: 2_000, maxHeaders: 10 };

t.test(
  'a head that is too large, a target that is too long and too many headers are told apart',
  async (t) => {
    const backend = await startBackend(t, 'a');
    const proxy = await startProxy(t, [{ backends: [backend.port] }], LIMITS);
    const lines = (count: number) => Array.from({ length: count }, (_, i) => `X${i}: y`);
    for (const [request, status] of [
      [head(`X: ${'y'.repeat(1_900)}`), 200],
      [head(`X: ${'y'.repeat(2_000)}`), 431],
      [head(...lines(9)), 200],
      [head(...lines(10)), 431],
      [`GET /${'x'.repeat(1_900)} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`, 200],
      [`GET /${'x'.repeat(2_000)} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`, 414],
    ] as const) {
      const client = await connectRaw(t, proxy.port);
      const response = await exchange(client, request);
      t.equal(response.status, status);
      t.equal(response.headers['connection'], status === 200 ? undefined : 'close');
    }
    t.equal(backend.requests.length, 3, 'and none of them reaches the backend');
  },
);

t.test('a head that never ends is refused as soon as it is too large', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }], LIMITS);
  for (const [start, status] of [
    ['GET / HTTP/1.1\r\nX: ', 431],
    ['GET /', 414],
    ['', 414],
  ] as const) {
    const client = await connectRaw(t, proxy.port);
    client.send(start + 'x'.repeat(1_000_000));
    t.equal((await responses(client, 1))[0]?.status, status, start);
  }
});

t.test('a refusal reaches a client that is still sending', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  for (let i = 0; i < 5; i++) {
    const client = await connectRaw(t, proxy.port);
    const errors: Error[] = [];
    client.socket.on('error', (error) => errors.push(error));
    client.send(`GET / HTTP/1.1\r\n${'x'.repeat(200)}\r\n\r\n${'y'.repeat(3_000_000)}`);
    t.equal((await responses(client, 1))[0]?.status, 400);
    t.same(errors, [], 'and its connection is not reset before it could read it');
  }
});

t.test('a malformed request is refused and its connection closed', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  for (const [request, status] of [
    ['GET / HTTP/1.1\r\n\r\n', 400],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['GET / HTTP/1.1\nHost: test.localhost\n\n', 400],
    ['GET / HTTP/2.0\r\nHost: test.localhost\r\n\r\n', 505],
    ['CONNECT test.localhost:80 HTTP/1.1\r\nHost: test.localhost:80\r\n\r\n', 501],
    [head('Expect: something'), 417],
    [
      'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['POST / HTTP/1.1\r\nHost: test.localhost\r\nTransfer-Encoding: gzip\r\n\r\n', 501],
  ] as const) {
    const client = await connectRaw(t, proxy.port);
    client.send(request + head());
    await client.untilClosed();
    t.same(
      (await responses(client, 1)).map((response) => response.status),
      [status],
      JSON.stringify(request),
    );
  }
  t.equal(backend.requests.length, 0);
  t.same(proxy.entries.map(({ status, service }) => [status, service]).at(-1), [501, ''], 'and it is logged');
});

t.test('a response that is too large, malformed or ambiguous is no answer', async (t) => {
  const canned = [
    `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(2_000)}\r\nContent-Length: 0\r\n\r\n`,
    `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(11)}Content-Length: 0\r\n\r\n`,
    'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n X: y\r\nContent-Length: 0\r\n\r\n',
    'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'HTTP/1.1 2000 OK\r\n\r\n',
    '\r\n\r\n',
  ];
  for (const answer of canned) {
    const { port } = await startCannedBackend(t, answer);
    const other = await startBackend(t, 'other');
    const backends = [port, { port: other.port, backup: true }];
    const proxy = await startProxy(t, [{ backends }], LIMITS);
    t.equal((await ask(proxy.port)).status, 502, JSON.stringify(answer.slice(0, 60)));
    t.match(proxy.entries[0], { error: 'bad-response', attempts: 1 }, 'and another would not be asked');
    t.same(proxy.plane.stats().backends[`test/${port}`]?.failures, { 'bad-response': 1 });
  }
});
