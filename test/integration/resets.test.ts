import { once } from 'node:events';
import { createServer } from 'node:net';
import t from 'tap';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { leaveEarly } from '../support/leave-early.ts';
import { startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';

const FLOOD = 400;

t.test('requests that are reset as they are sent cost their backend few connections', async (t) => {
  let connections = 0;
  const backend = createServer((socket) => {
    connections++;
    socket
      .on('error', () => {})
      .once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx'));
  }).listen(0, '127.0.0.1');
  t.teardown(() => backend.close());
  await once(backend, 'listening');
  const { port } = backend.address() as { port: number };
  const proxy = await startProxy(t, [{ backends: [port] }]);
  for (let i = 0; i < FLOOD; i++) {
    const { socket } = await connectRaw(t, proxy.port);
    socket.write('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
    socket.resetAndDestroy();
  }
  await eventually('all are gone', () => {
    const { clientConnections, clientConnectionsTotal } = proxy.plane.stats();
    return clientConnectionsTotal === FLOOD && clientConnections === 0;
  });
  t.ok(connections < FLOOD / 10, `${connections} connections`);
  t.equal((await ask(proxy.port)).body, 'x', 'and who stays is answered');
});

t.test('after them, a client that ends before its request does is not waited for', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  await leaveEarly(t, proxy, backend);
  const client = await connectRaw(t, proxy.port);
  // Its end comes while its request waits for a turn.
  client.socket.end('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 10\r\n\r\nhalf');
  t.equal(await client.untilClosed(), '');
});
