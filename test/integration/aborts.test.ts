import { connect } from 'node:net';
import t from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { connectRaw, RawClient } from '../support/client.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';

t.test('a client that goes away takes its request to the backend with it', async (t) => {
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    for (const begun of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome']) {
      const backend = await startManualBackend(t);
      const clock = new FakeClock();
      const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
      const client = await connectRaw(t, proxy.port);
      client.send(GET);
      await backend.head(0);
      const connection = await backend.connection(0);
      connection.send(begun);
      if (begun !== '') await client.until((received) => received.endsWith('some'), 'a beginning');
      client.socket[leave]();
      // One that closes says no more than one that only listens from now on: it is asked.
      for (let i = 0; i < 9 && !connection.isClosed; i++) await clock.advance(2_100);
      await connection.untilClosed();
      await eventually('the end', () => proxy.entries.length === 1);
      t.match(
        proxy.entries[0],
        { status: begun === '' ? 499 : 200, error: 'client-gone' },
        `${leave} ${begun}`,
      );
      t.equal(proxy.plane.stats().backends[`test/${backend.port}`]?.inFlight, 0);
      t.same(proxy.plane.stats().backends[`test/${backend.port}`]?.failures, {}, 'and nobody else is blamed');
    }
  }
});

t.test(
  'a client that ends its side behind its request gets the answer, in however many pieces it comes',
  async (t) => {
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    for (const [i, count] of [1, 3].entries()) {
      const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
      t.teardown(() => socket.destroy());
      const client = new RawClient(socket);
      socket.end(GET.repeat(count));
      for (let k = 1; k <= count; k++) {
        const connection = await backend.connection(0);
        const asked = () => connection.received.split('GET / ').length - 1;
        await eventually('the request', () => asked() === i + k);
        connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome');
        await client.until((received) => received.endsWith('some'), 'a beginning');
        connection.send('thing');
        await eventually('the end', () => proxy.entries.length === i + k);
      }
      const answers = parseResponses(await client.untilClosed(), true);
      t.same(
        answers.map(({ body }) => body),
        new Array(count).fill('something'),
      );
    }
  },
);

t.test(
  'while it waits it is asked whether it is there, and one whose response stalls has gone',
  async (t) => {
    const clock = new FakeClock();
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
    const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    t.teardown(() => socket.destroy());
    const client = new RawClient(socket);
    socket.end(GET);
    await backend.head(0);
    await settle();
    await clock.advance(3_000);
    await client.until((received) => received === 'HTTP/1.1 102 Processing\r\n\r\n', 'a question');
    const connection = await backend.connection(0);
    for (const piece of ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nso', 'me']) {
      connection.send(piece);
      await client.until((received) => received.endsWith(piece), 'a piece');
      await clock.advance(2_200);
    }
    await clock.advance(2_200);
    await client.untilClosed();
    await connection.untilClosed();
    t.match(proxy.entries, [{ status: 200, error: 'client-gone' }]);
    t.same(proxy.plane.stats().backends[`test/${backend.port}`]?.failures, {}, 'and nobody else is blamed');
  },
);

t.test('a client that goes away while it sends takes its request with it', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 100\r\n\r\nsome');
  await (await backend.connection(0)).until((received) => received.endsWith('some'), 'a beginning');
  client.socket.destroy();
  await (await backend.connection(0)).untilClosed();
  await eventually('the end', () => proxy.entries.length === 1);
});

t.test('a client that ends within a request is gone also when that waited behind others', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${GET}PUT / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 100\r\n\r\nsome`);
  client.socket.end();
  await backend.head(0);
  (await backend.connection(0)).send(okText('x'));
  await eventually('the end of both', () => proxy.entries.length === 2);
  t.match(proxy.entries, [{ status: 200 }, { status: 499, error: 'client-gone' }]);
  await client.untilClosed();
});

t.test('a response that breaks off is never a whole one for the client', async (t) => {
  for (const [name, begun] of [
    ['with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nsome'],
    ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n'],
    ['within a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nsome'],
    ['within the last chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\n'],
  ] as const) {
    for (const leave of ['destroy', 'resetAndDestroy'] as const) {
      for (const version of ['1.0', '1.1']) {
        const backend = await startManualBackend(t);
        const proxy = await startProxy(t, [{ backends: [backend.port] }]);
        const client = await connectRaw(t, proxy.port);
        const errors: (string | undefined)[] = [];
        client.socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code));
        client.send(GET.replace('1.1', version));
        await backend.head(0);
        (await backend.connection(0)).send(begun);
        await client.until((received) => received.includes('some'), 'a beginning');
        (await backend.connection(0)).socket[leave]();
        const what = `${name}, ${leave}, HTTP/${version}`;
        await client.untilClosed();
        t.notMatch(client.received, /\r\n0\r\n/, what);
        t.same(
          errors,
          ['ECONNRESET'],
          `${what}: also where the end of the connection is the end of the body`,
        );
        t.match(proxy.entries[0], { error: 'reset', attempts: 1 });
      }
    }
  }
});

t.test('a response without a length whose connection is reset is cut off as well', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  (await backend.connection(0)).send('HTTP/1.1 200 OK\r\n\r\nsome');
  await client.until((received) => received.includes('some'), 'a beginning');
  (await backend.connection(0)).socket.resetAndDestroy();
  t.same(parseResponses(await client.untilClosed(), false), []);
});

t.test('a chunk that is none cuts the response off', async (t) => {
  const { port } = await startRawBackend(t, (socket) =>
    socket.on('data', () =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\nzz\r\nevil'),
    ),
  );
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  t.notMatch(await client.untilClosed(), 'evil');
  t.match(proxy.entries[0], { error: 'bad-response' });
});

t.test('a backend that ends its side before it answered is a failure at once', async (t) => {
  const { port } = await startRawBackend(t, (socket) => {
    // It still reads, or does not, but nothing will come of it.
    socket.pause();
    socket.end();
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(
    `PUT / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(20_000_000)}`,
  );
  t.equal((await responses(client, 1))[0]?.status, 502);
});

t.test(
  'an answer that comes before the body was sent reaches the client, and the connection ends',
  async (t) => {
    const { port } = await startRawBackend(t, (socket) =>
      socket.once('data', () => socket.write(okText('early', 'X: y').replace('200 OK', '413 Too Large'))),
    );
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send(
      `POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 8000000\r\n\r\n${'x'.repeat(4_000_000)}`,
    );
    const [response] = await responses(client, 1);
    t.match(response, { status: 413, body: 'early', headers: { connection: 'close' } });
    client.send(`${'x'.repeat(4_000_000)}${GET}`);
    client.socket.end();
    await client.untilClosed();
    t.equal((await responses(client, 1)).length, 1, 'what follows the body is not answered');
    t.equal(proxy.entries.length, 1);
  },
);

t.test('what was not read of a body is never read as a request', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const canary = 'GET /canary HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
  client.send(`POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 1000\r\n\r\n${canary}`);
  await backend.head(0);
  (await backend.connection(0)).send(okText('early'));
  await responses(client, 1);
  client.send(canary.repeat(5));
  client.socket.end();
  await client.untilClosed();
  t.equal(backend.connections.length, 1);
  t.same(
    proxy.entries.map(({ target }) => target),
    ['/'],
  );
  t.equal(
    proxy.plane.stats().backends[`test/${backend.port}`]?.idle,
    0,
    'nor as the rest of one, by the backend',
  );
  await (await backend.connection(0)).untilClosed();
});

t.test('a body with a broken chunk is refused and never whole for the backend', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n');
  await (await backend.connection(0)).until((received) => received.endsWith('some\r\n'), 'a beginning');
  const response = await exchange(client, `0x1\r\nx\r\n0\r\n\r\n${GET}`);
  t.match(response, { status: 400, headers: { connection: 'close' } });
  await client.untilClosed();
  t.notMatch(await (await backend.connection(0)).untilClosed(), '\r\n0\r\n');
  t.equal(backend.connections.length, 1);
});
