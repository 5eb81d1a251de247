import t from 'tap';
import { DataPlane } from '../../src/data/plane.ts';
import { FakeClock } from '../support/clock.ts';
import { TEST_OPTIONS } from '../support/proxy.ts';

const trusting = (...trustedProxies: string[]) =>
  new DataPlane({ ...TEST_OPTIONS, trustedProxies }, { onError: () => {} }, new FakeClock());

t.test('only addresses within the ranges are trusted', async (t) => {
  const plane = trusting('10.0.0.0/8', '192.168.1.7/32', 'fd00::/8');
  for (const address of ['10.0.0.1', '10.255.255.255', '192.168.1.7', 'fd12::1'])
    t.ok(plane.settings.isTrusted(address), address);
  for (const address of ['11.0.0.1', '192.168.1.8', 'fe80::1', 'fe80::1%eth0', '::1', '127.0.0.1']) {
    t.notOk(plane.settings.isTrusted(address), address);
  }
});

t.test('nobody is trusted without a range', async (t) => {
  for (const address of ['127.0.0.1', '::1', '10.0.0.1', ''])
    t.notOk(trusting().settings.isTrusted(address), address);
});

t.test('a client that is gone before it is looked at has no address, and no trust', async (t) => {
  t.notOk(trusting('0.0.0.0/0', '::/0').settings.isTrusted(''));
});
