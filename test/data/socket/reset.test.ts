import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type ListenOptions, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import t, { type Test } from 'tap';
import { reset } from '../../../src/data/socket/reset.ts';

async function listen(t: Test, server: Server, at: ListenOptions = { port: 0, host: '127.0.0.1' }) {
  await new Promise<void>((resolve) => server.listen(at, resolve));
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Resets the server's side of a connection, and answers what the client saw. */
async function seen(server: Server, event: string, client: Socket, ends = false): Promise<string> {
  const [socket] = (await once(server, event)) as [Socket];
  socket.on('error', () => {});
  let error = 'closed';
  client.on('error', ({ code }: NodeJS.ErrnoException) => {
    error = code ?? 'error';
  });
  const closed = new Promise((resolve) => client.on('close', resolve));
  client.resume();
  if (ends) socket.end();
  reset(socket);
  t.ok(socket.destroyed);
  reset(socket);
  await closed;
  return error;
}

t.test('a connection of TCP is reset, and one whose end is being sent is closed', async (t) => {
  const server = createServer();
  const port = await listen(t, server);
  t.equal(await seen(server, 'connection', connect(port, '127.0.0.1')), 'ECONNRESET');
  t.equal(await seen(server, 'connection', connect(port, '127.0.0.1'), true), 'closed');
});

t.test('one over TLS, which the runtime does not reset, is closed without an exception', async (t) => {
  // A shared key needs no certificate.
  const options = { ciphers: 'PSK+HIGH', maxVersion: 'TLSv1.2' } as const;
  const psk = Buffer.alloc(16, 1);
  const server = createTlsServer({ ...options, pskCallback: () => psk });
  const port = await listen(t, server);
  const open = () =>
    connectTls({
      ...options,
      port,
      host: '127.0.0.1',
      pskCallback: () => ({ psk, identity: 'test' }),
      checkServerIdentity: () => undefined,
    });
  for (const ends of [false, true]) {
    t.ok(/^(?:closed|ECONNRESET)$/.test(await seen(server, 'secureConnection', open(), ends)));
  }
});

t.test('so is one of a path', async (t) => {
  const path = join(t.testdir({}), 'socket');
  const server = createServer();
  await listen(t, server, { path });
  t.match(await seen(server, 'connection', connect(path)), /^(?:closed|ECONNRESET)$/);
});

t.test('one that never connected, or fails to, ends as well', async (t) => {
  const unused = new Socket();
  reset(unused);
  t.ok(unused.destroyed);
  const failing = connect({ host: '127.0.0.1', port: 1 });
  failing.on('error', () => {});
  reset(failing);
  await once(failing, 'close');
  t.ok(failing.destroyed);
});
