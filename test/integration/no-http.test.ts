import t from 'tap';
import { startCannedBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';

// The clock stands still in these tests: whatever waits for a deadline waits for ever.

t.test('a backend that greets in another protocol is a 502 at once, and out after three', async (t) => {
  for (const greeting of ['SSH-2.0-OpenSSH_9.9\r\n', '220 mail.example ESMTP\r\n', 'hello', '\x16\x03\x01']) {
    const { port } = await startRawBackend(t, (socket) => socket.write(greeting, 'latin1'));
    const { port: good } = await startCannedBackend(t, okText('x'));
    const proxy = await startProxy(t, [{ backends: [port, good] }], {}, new FakeClock());
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await ask(proxy.port)).status);
    t.equal(statuses.filter((status) => status === 502).length, 3, JSON.stringify(greeting));
    t.match(proxy.plane.stats().backends[`test/${port}`]?.failures, { 'bad-response': 3 });
    t.match(
      proxy.signals.filter(({ kind }) => kind === 'ejected'),
      [{ backendId: `test/${port}` }],
    );
  }
});

t.test('a client that greets in another protocol is answered 400 at once', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }], {}, new FakeClock());
  for (const greeting of ['SSH-2.0-OpenSSH_9.9\r\n', 'EHLO a\r\n', '{"json"', '\x16\x03\x01', 'GET /x\r\n']) {
    const client = await connectRaw(t, proxy.port);
    client.send(greeting);
    await client.until((received) => received.startsWith('HTTP/1.1 400 '), JSON.stringify(greeting));
  }
});

t.test('a line end that an old client sends late behind a body costs it nothing', async (t) => {
  for (const pieces of [['\r\n'], ['\r', '\n']]) {
    const clock = new FakeClock();
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
    const client = await connectRaw(t, proxy.port);
    client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 2\r\n\r\nhi');
    await (await backend.connection(0)).until((received) => received.endsWith('hi'), 'the body');
    (await backend.connection(0)).send(okText('x'));
    await responses(client, 1);
    for (const piece of pieces) {
      client.send(piece);
      await clock.advance(100);
    }
    // Longer than a head may take.
    await clock.advance(30_000);
    const answer = exchange(client, GET);
    await eventually('the next', () =>
      backend.connections.some(({ received }) => received.includes('GET / ')),
    );
    backend.connections.at(-1)?.send(okText('y'));
    t.match(await answer, { status: 200, body: 'y' });
  }
});

t.test('line ends without a request are no sign of life', async (t) => {
  const clock = new FakeClock();
  const proxy = await startProxy(t, [{ backends: [] }], { idleTimeout: 75_000 }, clock);
  const client = await connectRaw(t, proxy.port);
  await eventually('the connection', () => proxy.plane.stats().clientConnections === 1);
  for (let i = 0; i < 10 && !client.isClosed; i++) {
    client.send('\r\n');
    await clock.advance(8_000);
  }
  await client.untilClosed();
  t.equal(client.received, '');
});
