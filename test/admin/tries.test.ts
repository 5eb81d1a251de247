import t from 'tap';
import { Tries } from '../../src/admin/tries.ts';

function makeTries() {
  let now = 1_000_000;
  const tries = new Tries(() => now);
  const fail = (address: string, times: number) => {
    for (let i = 0; i < times; i++) tries.failed(address);
  };
  return { tries, fail, advance: (ms: number) => (now += ms) };
}

t.test('an address has ten wrong tokens, and one more each six seconds', async (t) => {
  const { tries, fail, advance } = makeTries();
  fail('10.0.0.1', 9);
  t.equal(tries.waitMs('10.0.0.1'), 0);
  fail('10.0.0.1', 1);
  t.equal(tries.waitMs('10.0.0.1'), 6_000);
  t.equal(tries.waitMs('10.0.0.2'), 0, 'others are not held liable');
  advance(4_000);
  t.equal(tries.waitMs('10.0.0.1'), 2_000);
  advance(2_000);
  t.equal(tries.waitMs('10.0.0.1'), 0);
  fail('10.0.0.1', 1);
  t.equal(tries.waitMs('10.0.0.1'), 6_000);
  advance(60_000);
  fail('10.0.0.1', 9);
  t.equal(tries.waitMs('10.0.0.1'), 0, 'after a minute it has all of them');
});

t.test('nobody waits longer than for one try, whatever was sent', async (t) => {
  const { tries, fail, advance } = makeTries();
  fail('10.0.0.1', 10_000);
  t.equal(tries.waitMs('10.0.0.1'), 6_000);
  advance(6_000);
  t.equal(tries.waitMs('10.0.0.1'), 0);
});

t.test('this machine is never kept waiting, and a /64 of IPv6 is one address', async (t) => {
  const { tries, fail } = makeTries();
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '']) {
    fail(address, 100);
    t.equal(tries.waitMs(address), 0, address);
  }
  for (let i = 0; i < 10; i++) tries.failed(`2600:1:2:3::${i}`);
  t.equal(tries.waitMs('2600:1:2:3:9:9:9:9'), 6_000);
  t.equal(tries.waitMs('2600:1:2:4::1'), 0);
  fail('::ffff:10.0.0.1', 10);
  t.equal(tries.waitMs('10.0.0.1'), 6_000);
});

t.test('no more than a thousand addresses are remembered, those that fail most lately', async (t) => {
  const { tries, fail } = makeTries();
  fail('10.9.9.9', 10);
  for (let i = 0; i < 1_023; i++) tries.failed(`10.1.${i >> 8}.${i & 255}`);
  t.equal(tries.waitMs('10.9.9.9'), 6_000);
  tries.failed('10.9.9.9');
  tries.failed('10.2.0.0');
  t.equal(tries.waitMs('10.9.9.9'), 6_000, 'one that goes on is not forgotten');
  for (let i = 0; i < 1_023; i++) tries.failed(`10.3.${i >> 8}.${i & 255}`);
  t.equal(tries.waitMs('10.9.9.9'), 0);
});
