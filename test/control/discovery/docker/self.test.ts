import { networkInterfaces } from 'node:os';
import t from 'tap';
import { isThisMachine } from '../../../../src/control/discovery/docker/self.ts';

t.test('the loopback and every own address are this machine', async (t) => {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  for (const host of ['localhost', '127.0.0.1', '127.1.2.3', '::1', ...own.map(({ address }) => address)])
    t.ok(isThisMachine(host), host);
});

t.test('another address is not this machine', async (t) => {
  for (const host of ['192.0.2.1', '2001:db8::1', 'docker.example.org', ''])
    t.notOk(isThisMachine(host), host);
});
