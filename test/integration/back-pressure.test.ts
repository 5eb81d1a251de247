import { once } from 'node:events';
import { connect } from 'node:net';
import t from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { steady } from '../support/wait.ts';

const SIZE = 200_000_000;
/** What may be under way: two kernel buffers for each of two connections, and what the proxy holds. */
const MOST = 24_000_000;

t.test('a client that does not read stops the backend, and gets everything once it reads', async (t) => {
  for (const framing of [`Content-Length: ${SIZE}\r\n`, '']) {
    const pattern = new Pattern();
    let production: Production | undefined;
    const { port } = await startRawBackend(t, (socket) =>
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}\r\n`);
        production = produce(socket, pattern, SIZE);
        production.done.then(() => socket.end());
      }),
    );
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = connect(proxy.port, '127.0.0.1');
    t.teardown(() => client.destroy());
    // HTTP/1.0, so that the body comes as it is.
    client.write('GET / HTTP/1.0\r\nHost: test.localhost\r\n\r\n');
    await eventually('a beginning', () => (production?.accepted() ?? 0) > 100_000);
    const buffersBefore = process.memoryUsage().arrayBuffers;
    const accepted = await steady(() => production?.accepted() ?? 0);
    t.ok(accepted < MOST, `${accepted} bytes were taken from the backend`);
    t.ok(process.memoryUsage().arrayBuffers - buffersBefore < MOST, 'and the process holds few of them');
    let head: string | undefined;
    client.on('data', (bytes: Buffer) => {
      if (head !== undefined) return pattern.check(bytes);
      const end = bytes.indexOf('\r\n\r\n') + 4;
      head = bytes.toString('latin1', 0, end);
      pattern.check(bytes.subarray(end));
    });
    await once(client, 'end');
    t.equal(pattern.checked, SIZE);
    t.ok(pattern.isIntact, 'every byte is where it belongs');
  }
});

t.test('a backend that does not read stops the client, and gets everything once it reads', async (t) => {
  const pattern = new Pattern();
  let read: (() => void) | undefined;
  const { port } = await startRawBackend(t, (socket) => {
    let head = '';
    const onHead = (bytes: Buffer) => {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n') + 4;
      if (end < 4) return;
      socket.pause().off('data', onHead);
      pattern.check(Buffer.from(head.slice(end), 'latin1'));
      read = () => pattern.checkAll(socket);
    };
    socket.on('data', onHead);
    eventually('all', () => pattern.checked === SIZE).then(
      () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      () => {},
    );
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = connect(proxy.port, '127.0.0.1');
  t.teardown(() => client.destroy());
  client.write(`POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: ${SIZE}\r\n\r\n`);
  const production = produce(client, pattern, SIZE);
  await eventually('a beginning', () => production.accepted() > 100_000 && read !== undefined);
  const buffersBefore = process.memoryUsage().arrayBuffers;
  const accepted = await steady(production.accepted);
  t.ok(accepted < MOST, `${accepted} bytes were taken from the client`);
  t.ok(process.memoryUsage().arrayBuffers - buffersBefore < MOST, 'and the process holds few of them');
  read?.();
  const [answer] = await once(client, 'data');
  t.match(String(answer), /^HTTP\/1\.1 200 /);
  t.equal(pattern.checked, SIZE);
  t.ok(pattern.isIntact, 'every byte is where it belongs');
});
