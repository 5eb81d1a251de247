import { readFileSync } from 'node:fs';
import t from 'tap';
import { connectRaw } from '../support/client.ts';
import { startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';

/** Seconds until the kernel asks the peer whether it is there, for each connection with these ports (proc(5)). */
function keepAliveSeconds(localPort: number | undefined, remotePort: number | undefined): number[] {
  const hex = (port = 0) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, local = '', remote = '']) => local.endsWith(hex(localPort)) && remote.endsWith(hex(remotePort)),
    )
    .map(([, , , , , timer = '']) =>
      timer.startsWith('02:') ? Number.parseInt(timer.slice(3), 16) / 100 : 0,
    );
}

t.test(
  'a client or a backend of a tunnel that vanished without a word is found out within minutes',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await backend.head(0);
    const connection = await backend.connection(0);
    connection.send('HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi');
    await client.until((received) => received.endsWith('hi'), 'the tunnel');
    for (const [local, remote] of [
      [proxy.port, client.socket.localPort],
      [connection.socket.remotePort, backend.port],
    ]) {
      const seconds = keepAliveSeconds(local, remote);
      t.equal(seconds.length, 1);
      t.ok(
        seconds.every((left) => left > 0 && left <= 60),
        `asked in ${seconds} s`,
      );
    }
  },
);
