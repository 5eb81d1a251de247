import t from 'tap';
import { AdminOverrides } from '../../src/control/admin-overrides.ts';
import { MemoryOverrideStore } from '../../src/control/override-store.ts';
import type { Claim } from '../../src/model/contribution.ts';
import { makeClaim, makeContribution, mergeContributions } from '../support/claims.ts';
import { FakeClock } from '../support/clock.ts';

function setUp() {
  const clock = new FakeClock();
  const overrides = new AdminOverrides(new MemoryOverrideStore(), clock, () => {});
  const merge = (...claims: Claim[]) => mergeContributions([makeContribution(claims)]);
  /** What became of a backend when these are there. */
  const look = (id: string, ...claims: Claim[]) => {
    const { services, sourceHealth } = overrides.layOver(merge(...claims));
    const backend = services.flatMap(({ backends }) => backends).find((one) => one.id === id);
    return { weight: backend?.weight, configured: backend?.configuredWeight, said: sourceHealth[id] };
  };
  return { clock, overrides, merge, look };
}

const [a, b] = [makeClaim('a', { weight: 3 }), makeClaim('b')];
const A = 'shop.org/a:80';

t.test('a drain and a maintenance are flags, until it is ready again', async (t) => {
  const { clock, overrides, merge, look } = setUp();
  const { services } = merge(a, b);
  t.same(overrides.set(services, 'a', { state: 'drain' }), [{ id: A, name: 'a', service: 'shop.org' }]);
  t.same(look(A, a, b).said, {
    flags: ['Draining'],
    reason: 'drain was ordered',
    drainEndsAt: clock.now() + 10_000,
  });
  t.equal(look('shop.org/b:80', a, b).said, undefined);
  overrides.set(services, 'a', { state: 'maintenance' });
  t.same(look(A, a, b).said, { flags: ['Maintenance'], reason: 'maintenance was ordered' });
  overrides.set(services, 'a', { state: 'ready' });
  t.equal(look(A, a, b).said, undefined);
});

t.test('another weight, and the configured one again', async (t) => {
  const { overrides, merge, look } = setUp();
  const { services } = merge(a, b);
  overrides.set(services, 'a', { weight: 0 });
  t.match(look(A, a), { weight: 0, configured: 3 });
  overrides.set(services, 'a', { state: 'drain' });
  t.match(look(A, a), { weight: 0, said: { flags: ['Draining'] } }, 'one order leaves the other');
  overrides.set(services, 'a', { weight: 'default' });
  t.match(look(A, a), { weight: 3, configured: undefined, said: { flags: ['Draining'] } });
});

t.test('an order outlives all changes of others, an absence, and a restart of its container', async (t) => {
  const { overrides, merge, look } = setUp();
  overrides.set(merge(a, b).services, 'a', { state: 'maintenance' });
  t.equal(look(A, b).said, undefined);
  t.match(look(A, a), { said: { flags: ['Maintenance'] } });
  const restarted = makeClaim('a');
  const serves = { ...restarted.serves, key: 'a~2:80' } as NonNullable<Claim['serves']>;
  t.match(look('shop.org/a~2:80', { ...restarted, serves }), { said: { flags: ['Maintenance'] } });
});

t.test('with an order, too, what does not change stays the very same', async (t) => {
  const { overrides, merge } = setUp();
  const merged = merge(a, makeClaim('c', { hosts: ['other.org'] }));
  overrides.set(merged.services, 'a', { weight: 7 });
  const [first, again] = [overrides.layOver(merged), overrides.layOver(merged)];
  t.strictSame(
    first.services.map((service, i) => [service === merged.services[i], service === again.services[i]]),
    [
      [true, true],
      [false, true],
    ],
  );
  overrides.set(merged.services, 'a', { weight: 8 });
  t.match(overrides.layOver(merged).services[1], { backends: [{ weight: 8 }] });
});

t.test('an order joins what the source says', async (t) => {
  const { overrides, merge, look } = setUp();
  const ill = makeClaim('a', { health: { flags: ['FailedCheck'], reason: 'its HEALTHCHECK fails' } });
  overrides.set(merge(ill).services, 'a', { state: 'maintenance' });
  t.same(look(A, ill).said, {
    flags: ['FailedCheck', 'Maintenance'],
    reason: 'its HEALTHCHECK fails; maintenance was ordered',
  });
});

t.test('to drain again gives no more time', async (t) => {
  const { clock, overrides, merge, look } = setUp();
  const { services } = merge(a);
  overrides.set(services, 'a', { state: 'drain' });
  const { said } = look(A, a);
  await clock.advance(5_000);
  overrides.set(services, 'a', { state: 'drain', weight: 2 });
  t.same(look(A, a).said, said);
});

t.test(
  'a backend is meant by its name, by its service and name, by its id, or by its container',
  async (t) => {
    const { overrides, merge } = setUp();
    const one = makeClaim('web', { hosts: ['a.org', 'b.org'] });
    const container = { ...one, origin: { ...one.origin, containerId: 'abcdef012345' } };
    const alone = makeClaim('other', { hosts: ['a.org'] });
    const { services } = merge(container, alone);
    const meant = (subject: string) =>
      overrides.set(services, subject, { state: 'ready' }).map(({ id }) => id);
    t.same(meant('web').length, 2, 'it serves in two services');
    t.same(meant('a.org/web'), ['a.org/web:80']);
    t.same(meant('b.org/web:80'), ['b.org/web:80']);
    t.same(meant('abcdef'), meant('web'));
    for (const nobody of ['we', 'abc', 'a.org', '', 'c.org/web']) t.same(meant(nobody), [], nobody);
  },
);
