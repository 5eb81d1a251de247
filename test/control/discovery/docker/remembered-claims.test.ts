import t from 'tap';
import { RememberedClaims } from '../../../../src/control/discovery/docker/remembered-claims.ts';
import type { Claim } from '../../../../src/model/contribution.ts';
import { FakeClock } from '../../../support/clock.ts';

function makeClaim(host: string, parts: Partial<Claim> = {}): Claim {
  return {
    origin: { source: 'docker', name: host },
    routes: host === '' ? [] : [{ host, path: '/', priority: 0, stripPrefix: false }],
    settings: { fallback: [{ kind: 'status', status: 503 }] },
    serves: { name: host, key: '1:80', address: { host: '1', port: 80 }, weight: 1, backup: false },
    createdAt: 1,
    ...parts,
  };
}

const hosts = (claims: readonly Claim[]) => claims.map((claim) => claim.routes[0]?.host);

t.test('what is there is not gone', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  t.same(remembered.update([makeClaim('a')]), []);
  t.same(remembered.update([makeClaim('a')]), []);
});

t.test('what is gone stays known with its options, but without an address', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  remembered.update([makeClaim('a'), makeClaim('b')]);
  const { serves: _, ...rest } = makeClaim('a');
  const removed = { at: 1_700_000_000_000, until: 1_700_003_600_000 };
  t.same(remembered.update([makeClaim('b')]), [{ ...rest, isGone: true, removed }]);
  t.same(hosts(remembered.update([])), ['a', 'b'], 'and stays so');
});

t.test('what comes back is remembered no more', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  remembered.update([makeClaim('a')]);
  remembered.update([]);
  t.same(remembered.update([makeClaim('a', { createdAt: 2 })]), []);
});

t.test('a service that is redeployed again and again is remembered once, as it was last', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  for (let createdAt = 1; createdAt <= 3; createdAt++) remembered.update([makeClaim('a', { createdAt })]);
  t.match(remembered.update([]), [{ createdAt: 3 }]);
});

t.test('the same route in another service is another memory', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  remembered.update([makeClaim('a', { service: 'one' })]);
  t.match(remembered.update([makeClaim('a', { service: 'two' })]), [{ service: 'one' }]);
});

t.test('a claim without a route leaves nothing to remember', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  remembered.update([makeClaim('', { service: 'shop' })]);
  t.same(remembered.update([]), []);
});

t.test('at most a thousand are remembered, those that were seen last', async (t) => {
  const remembered = new RememberedClaims(new FakeClock());
  const often = makeClaim('often');
  for (let i = 0; i < 1_005; i++)
    remembered.update([makeClaim(`host-${i}`), ...(i % 100 === 0 ? [often] : [])]);
  const left = hosts(remembered.update([]));
  t.equal(left.length, 1_000);
  t.equal(left[0], 'host-6');
  t.equal(left.at(-1), 'host-1004');
  t.ok(left.includes('often'));
});

t.test('what is gone is remembered for an hour after the last of it went', async (t) => {
  const clock = new FakeClock();
  const remembered = new RememberedClaims(clock);
  remembered.update([makeClaim('a'), makeClaim('b')]);
  remembered.update([makeClaim('b')]);
  await clock.advance(1_800_000);
  t.same(hosts(remembered.update([])), ['a', 'b']);
  await clock.advance(1_799_999);
  t.same(hosts(remembered.update([])), ['a', 'b']);
  await clock.advance(1);
  t.same(hosts(remembered.update([])), ['b']);
});
