import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Test } from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { startRawBackend } from './backend.ts';
import type { FakeClock } from './clock.ts';
import { startProxy, type TestProxy } from './proxy.ts';

/** A request for another protocol, and a backend's answer to it. */
export const UPGRADE =
  'GET /x HTTP/1.1\r\nHost: test.localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: Foo/1\r\nX_y: 1\r\n\r\n';
export const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo/1\r\nX-Latin: \xe9\r\n\r\n';

export interface TestTunnel {
  readonly proxy: TestProxy;
  readonly client: Socket;
  readonly backend: Socket;
}

/** A tunnel: both its ends, neither of which reads, with nothing on the way. */
export async function openTunnel(
  t: Test,
  settings: ServiceSettings = {},
  clock?: FakeClock,
): Promise<TestTunnel> {
  let backend: Socket | undefined;
  const { port } = await startRawBackend(t, (socket) => {
    socket.allowHalfOpen = true;
    socket.once('data', () => {
      socket.pause().write(SWITCH, 'latin1');
      backend = socket;
    });
  });
  const proxy = await startProxy(t, [{ backends: [port], settings }], {}, clock);
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  t.teardown(() => client.destroy());
  client.on('error', () => {}).write(UPGRADE);
  const [head] = await once(client, 'data');
  t.match(String(head), /^HTTP\/1\.1 101 /);
  client.removeAllListeners('data').pause();
  return { proxy, client, backend: backend as Socket };
}
