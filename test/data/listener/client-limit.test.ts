import t from 'tap';
import { ClientLimit } from '../../../src/data/listener/client-limit.ts';

const isTrusted = (address: string) => address === '9.9.9.1';
const limitOf = (maxConnectionsPerClient: number | 'auto', maxConnections = 4_000) =>
  new ClientLimit({ maxConnections, maxConnectionsPerClient }, isTrusted);

t.test('a client is an address of IPv4, or a /64 network of IPv6', async (t) => {
  const limit = limitOf('auto');
  const same = (a: string, b: string) => limit.clientAt(a) === limit.clientAt(b);
  t.not(limit.clientAt('8.8.8.8'), '');
  t.notOk(same('8.8.8.8', '8.8.8.9'));
  t.ok(same('2600:1:2:3:4:5:6:7', '2600:1:2:3::'));
  t.ok(same('2600:1:2:3::9', '2600:1:2:3:ffff::1'));
  t.notOk(same('2600:1:2:3::9', '2600:1:2:4::9'));
  t.notOk(same('2600::3:4:5:6', '2600:0:0:1::'));
  t.notOk(same('64:ff9b::8.8.8.8', '64:ff9b::8.8.8.9'), 'one that carries an address of IPv4 is that');
  t.ok(same('64:ff9b::8.8.8.8', '8.8.8.8'));
});

t.test('by default only public addresses have a limit', async (t) => {
  const limit = limitOf('auto');
  for (const address of ['8.8.8.8', '2600::1']) t.not(limit.clientAt(address), '', address);
  for (const address of [
    ...['127.0.0.1', '127.9.9.9', '10.0.0.1', '172.17.0.1', '192.168.1.1', '169.254.1.1', '100.64.0.1'],
    ...['::1', 'fd00::1', 'fe80::1', 'fe80::1%eth0', ''],
  ])
    t.equal(limit.clientAt(address), '', address);
});

t.test('a limit that was asked for is for all, but trusted proxies; 0 is for nobody', async (t) => {
  for (const address of ['8.8.8.8', '127.0.0.1', 'fd00::1']) {
    t.not(limitOf(5).clientAt(address), '', address);
    t.equal(limitOf(0).clientAt(address), '', address);
  }
  for (const most of [5, 'auto'] as const) t.equal(limitOf(most).clientAt('9.9.9.1'), '');
  t.equal(limitOf(5).most, 5);
});

t.test('the default is an eighth of all connections, and enough for a browser', async (t) => {
  for (const [all, most] of [
    [16, 8],
    [472, 59],
    [4_000, 500],
    [65_536, 1_024],
    [0, 1_024],
  ] as const)
    t.equal(limitOf('auto', all).most, most, String(all));
});
