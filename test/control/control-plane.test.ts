import t, { type Test } from 'tap';
import { ControlPlane } from '../../src/control/control-plane.ts';
import type { Source } from '../../src/control/discovery/source.ts';
import type { Claim, Contribution } from '../../src/model/contribution.ts';
import type { HealthFlag } from '../../src/model/health.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { makeClaim, makeContribution } from '../support/claims.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { DistantStore } from '../support/override-stores.ts';
import { FAIL, PASS, ScriptedProbe } from '../support/scripted-probe.ts';

/** A control plane whose sources the test plays. */
function setUp(t: Test, ...names: string[]) {
  const clock = new FakeClock();
  const probes = new ScriptedProbe(clock);
  const publishers = new Map<string, (contribution: Contribution) => void>();
  const sources = (names.length === 0 ? ['docker'] : names).map(
    (name): Source => ({ name, watch: (publish) => publishers.set(name, publish) }),
  );
  const plane = new ControlPlane(sources, clock, probes.probe, { random: () => 0.5 });
  const seen: Snapshot[] = [];
  plane.subscribe((snapshot) => seen.push(snapshot));
  plane.start();
  t.teardown(() => plane.stop());
  const say = async (claims: readonly Claim[], source = 'docker') => {
    publishers.get(source)?.(makeContribution(claims, [], source));
    await settle();
    return plane.snapshot;
  };
  const health = (name: string) => plane.snapshot.health.get(`shop.org/${name}:80`);
  return { clock, probes, plane, seen, say, health };
}

/** A claim about whose backend Docker says something. */
function flagged(name: string, flag: HealthFlag, reason: string): Claim {
  return makeClaim(name, { health: { flags: [flag], reason } });
}

t.test('a new backend is pending until its first check passes', async (t) => {
  const { probes, say, health } = setUp(t);
  probes.isHolding = true;
  await say([makeClaim('a')]);
  t.match(health('a'), { flags: ['Pending'], reason: 'not checked yet' });
  probes.release();
  await settle();
  t.match(health('a'), { flags: [], reason: 'HTTP 200' });
});

t.test('a check that fails long enough takes a backend out, with the reason', async (t) => {
  const { clock, probes, say, health } = setUp(t);
  probes.script['a'] = [PASS, FAIL];
  await say([makeClaim('a')]);
  await clock.advance(6_000);
  t.match(health('a'), { flags: [] }, 'one failure or two are not enough');
  await clock.advance(1_000);
  t.match(health('a'), { flags: ['FailedCheck'], reason: 'HTTP 500', since: clock.now() });
});

t.test('what Docker says and what checks say come together', async (t) => {
  const { probes, say, health } = setUp(t);
  probes.script['a'] = [FAIL];
  await say([flagged('a', 'Draining', 'the container was sent SIGTERM')]);
  t.match(health('a'), {
    flags: ['Draining', 'Pending'],
    reason: 'the container was sent SIGTERM; HTTP 500',
  });
  await say([flagged('b', 'FailedCheck', 'its HEALTHCHECK fails')]);
  t.match(
    health('b'),
    { flags: ['FailedCheck'], reason: 'its HEALTHCHECK fails' },
    'a passing check adds no words',
  );
});

t.test('a flag that both raise is there once', async (t) => {
  const { probes, say, health } = setUp(t);
  probes.script['a'] = [FAIL];
  await say([flagged('a', 'Pending', 'its HEALTHCHECK is starting')]);
  t.same(health('a')?.flags, ['Pending']);
});

t.test('since tells when the flags became what they are', async (t) => {
  const { clock, say, health } = setUp(t);
  await say([makeClaim('a')]);
  const up = clock.now();
  await clock.advance(20_000);
  t.equal(health('a')?.since, up, 'probes that pass change nothing');
  await say([flagged('a', 'FailedCheck', 'one reason')]);
  const down = clock.now();
  t.equal(health('a')?.since, down);
  await clock.advance(20_000);
  await say([flagged('a', 'FailedCheck', 'another reason')]);
  t.match(health('a'), { reason: 'another reason', since: down });
  await say([makeClaim('a')]);
  t.match(health('a'), { flags: [], since: clock.now() });
});

t.test('a passing probe in other words is no news', async (t) => {
  const { clock, probes, seen, say } = setUp(t);
  probes.script['a'] = [PASS, { isPass: true, reason: 'HTTP 204' }];
  await say([makeClaim('a')]);
  const before = seen.length;
  await clock.advance(30_000);
  await say([makeClaim('a')]);
  t.equal(seen.length, before);
});

t.test('health survives changes that do not concern it', async (t) => {
  const { clock, probes, say, health } = setUp(t);
  await say([makeClaim('a')]);
  await clock.advance(1_000);
  const before = health('a');
  await say([makeClaim('a'), makeClaim('b'), makeClaim('c', { hosts: ['other.org'] })]);
  t.equal(health('a'), before);
  await say([makeClaim('a')]);
  t.equal(health('a'), before);
  t.same(probes.times('a'), [0], 'and nothing was probed anew');
});

t.test('a newcomer that changes the check of its service takes nobody out', async (t) => {
  const { probes, say, health } = setUp(t);
  await say([makeClaim('a')]);
  probes.isHolding = true;
  await say([makeClaim('a'), makeClaim('b', { createdAt: 1, settings: { health: { path: '/x' } } })]);
  t.match(health('a'), { flags: [] });
  t.match(health('b'), { flags: ['Pending'] });
  t.match(probes.calls.at(-1)?.check, { path: '/x' });
});

t.test('the same process in two services is probed once', async (t) => {
  const { probes, plane, say } = setUp(t);
  await say([makeClaim('a', { hosts: ['one.org'] }), makeClaim('a', { service: 'two', hosts: [] })]);
  t.same(probes.times('a'), [0]);
  t.match(Object.fromEntries(plane.snapshot.health), {
    'one.org/a:80': { flags: [] },
    'two/a:80': { flags: [] },
  });
  t.match(plane.check('two/a:80'), { state: 'up', reason: 'HTTP 200' });
  probes.script['b'] = [FAIL];
  await say([makeClaim('a'), makeClaim('b')]);
  t.match(plane.check('shop.org/b:80'), { state: 'pending', reason: 'HTTP 500' });
});

t.test('a snapshot has the health of all its backends and of no others', async (t) => {
  const { probes, seen, say } = setUp(t);
  probes.script['b'] = [FAIL];
  await say([makeClaim('a'), makeClaim('b'), makeClaim('c', { service: 'x' })]);
  await say([makeClaim('b'), makeClaim('d')]);
  await say([]);
  t.ok(seen.length >= 3);
  for (const { services, health } of seen) {
    const ids = services.flatMap(({ backends }) => backends.map(({ id }) => id));
    t.same([...health.keys()].sort(), ids.sort());
  }
});

t.test('a change of health moves the snapshot, not its topology', async (t) => {
  const { clock, probes, plane, say } = setUp(t);
  probes.script['a'] = [PASS, FAIL];
  const { topologyVersion, version } = await say([makeClaim('a')]);
  await clock.advance(10_000);
  t.equal(plane.snapshot.topologyVersion, topologyVersion);
  t.ok(plane.snapshot.version > version);
});

t.test('sources add up, each with its own status and problems', async (t) => {
  const { plane, say } = setUp(t, 'docker', 'file');
  await say([makeClaim('a')]);
  t.notOk(plane.readiness.isTold, 'one of them was not heard yet');
  await say([makeClaim('b')], 'file');
  t.ok(plane.readiness.isTold);
  t.match(plane.snapshot, {
    services: [{ name: 'shop.org', backends: [{ name: 'a' }, { name: 'b' }] }],
    sources: [{ name: 'docker' }, { name: 'file' }],
  });
  await say([], 'docker');
  t.match(
    plane.snapshot.services,
    [{ backends: [{ name: 'b' }] }],
    'what a source says replaces what it said',
  );
});

t.test('once stopped it hears and probes nothing any more', async (t) => {
  const { clock, probes, plane, seen, say } = setUp(t);
  await say([makeClaim('a')]);
  plane.stop();
  const before = seen.length;
  await say([makeClaim('b')]);
  await clock.advance(60_000);
  t.equal(seen.length, before);
  t.equal(probes.calls.length, 1);
});

t.test('of a backend that is not known there is no check', async (t) => {
  t.equal(setUp(t).plane.check('shop.org/a:80'), undefined);
});

t.test('what requests said takes effect as a flag, and a probe at once ends it', async (t) => {
  const { clock, probes, plane, say, health } = setUp(t);
  await say([makeClaim('a')]);
  await clock.advance(1_500);
  probes.isHolding = true;
  const began = probes.calls.length;
  const at = clock.now();
  plane.signal({
    kind: 'ejected',
    backendId: 'shop.org/a:80',
    cause: 'connect',
    reason: '1 failed request: ECONNREFUSED',
    at,
    until: at + 5_000,
    proof: 'connection',
  });
  await settle();
  t.match(health('a'), { flags: ['Ejected'], reason: '1 failed request: ECONNREFUSED', since: at });
  await clock.advance(10);
  t.equal(probes.calls.length, began + 1, 'probed at once');
  probes.isHolding = false;
  probes.release();
  await clock.advance(1_500);
  t.match(health('a'), { flags: [], proof: { kind: 'connection' } });
  t.ok((health('a')?.proof?.at ?? 0) >= at, 'by a probe that began later');
  t.same(
    plane.history('shop.org/a:80').map(({ flags }) => flags.join()),
    ['Pending', '', 'Ejected', ''],
  );
});

t.test('an ejection that nobody ended is over by its time', async (t) => {
  const { clock, plane, say, health } = setUp(t);
  await say([makeClaim('a')]);
  await clock.advance(100);
  const at = clock.now();
  plane.signal({
    kind: 'ejected',
    backendId: 'shop.org/a:80',
    cause: 'status',
    reason: '3 failed requests in a row: HTTP 503',
    at,
    until: at + 5_000,
    proof: 'none',
  });
  await clock.advance(4_900);
  t.match(health('a'), { flags: ['Ejected'] });
  await clock.advance(200);
  t.match(health('a'), { flags: [] });
});

t.test('requests that fail bring the checks forward until they have decided', async (t) => {
  const { clock, probes, plane, say, health } = setUp(t);
  await say([makeClaim('a')]);
  await clock.advance(300);
  const host = probes.calls[0]?.host ?? '';
  probes.script[host] = [FAIL];
  const began = clock.elapsed();
  while (health('a')?.flags.length === 0 && clock.elapsed() - began < 10_000) {
    plane.signal({ kind: 'doubt', backendId: 'shop.org/a:80' });
    await clock.advance(50);
  }
  t.match(health('a'), { flags: ['FailedCheck'] });
  t.ok(clock.elapsed() - began <= 100, `within a tenth of a second, not ${clock.elapsed() - began} ms`);
});

t.test('what is said of a backend that left changes nothing', async (t) => {
  const { plane, say, seen } = setUp(t);
  await say([makeClaim('a')]);
  const before = seen.length;
  plane.signal({ kind: 'returned', backendId: 'shop.org/gone:80' });
  plane.signal({ kind: 'doubt', backendId: 'shop.org/gone:80' });
  await settle();
  t.equal(seen.length, before);
});

t.test('a suspicion is no news, and whoever answers is cleared of it', async (t) => {
  const { clock, probes, plane, say, seen, health } = setUp(t);
  await say([makeClaim('a')]);
  await clock.advance(1_500);
  const before = seen.length;
  probes.isHolding = true;
  plane.signal({ kind: 'suspected', backendId: 'shop.org/a:80', at: clock.now() });
  await settle();
  t.equal(seen.length, before);
  probes.isHolding = false;
  probes.release();
  await settle();
  t.match(health('a'), { flags: [], proof: { kind: 'life', at: clock.now() } });
});

t.test(
  'the first checks of hundreds of backends are one snapshot a moment later, not one each',
  async (t) => {
    const { clock, plane, seen, say } = setUp(t);
    await say(Array.from({ length: 300 }, (_, i) => makeClaim(`c${i}`)));
    t.equal(seen.length, 1, 'what was found is known at once');
    await clock.advance(10);
    t.equal(seen.length, 2);
    t.ok([...plane.snapshot.health.values()].every(({ flags }) => flags.length === 0));
  },
);

const broken = () => {
  throw new Error('injected');
};

t.test('a source that throws at its start is without effect on the others', async (t) => {
  const before = internalErrors.counts['source'] ?? 0;
  const good: Source = { name: 'good', watch: (publish) => publish(makeContribution([makeClaim('a')])) };
  const probes = new ScriptedProbe(new FakeClock());
  const plane = new ControlPlane([{ name: 'bad', watch: broken }, good], new FakeClock(), probes.probe);
  plane.start();
  t.teardown(() => plane.stop());
  await settle();
  t.match(plane.snapshot.services, [{ name: 'shop.org' }]);
  t.equal(internalErrors.counts['source'], before + 1);
});

t.test('what cannot be merged is as if it had not been said', async (t) => {
  const { say } = setUp(t, 'docker', 'file');
  await say([makeClaim('a')]);
  const claim = makeClaim('b', { hosts: ['other.org'] });
  const unreadable = Object.defineProperty({ ...claim }, 'routes', { get: broken });
  t.match((await say([unreadable], 'file')).services, [{ name: 'shop.org' }], 'what was known stays');
  const { services } = await say([claim], 'file');
  t.match(services, [{ name: 'other.org' }, { name: 'shop.org' }], 'and what is said next counts');
});

t.test('a probe that throws says nothing of its backend, and is made again', async (t) => {
  const clock = new FakeClock();
  const before = internalErrors.counts['probe'] ?? 0;
  let calls = 0;
  const probe = async () => (++calls === 2 ? broken() : PASS);
  const source: Source = { name: 'docker', watch: (publish) => publish(makeContribution([makeClaim('a')])) };
  const plane = new ControlPlane([source], clock, probe as never, { random: () => 0.5 });
  plane.start();
  t.teardown(() => plane.stop());
  await clock.advance(60_000);
  t.strictSame(plane.snapshot.health.get('shop.org/a:80')?.flags, []);
  t.ok(calls > 5, `${calls} probes`);
  t.equal(internalErrors.counts['probe'], before + 1);
});

t.test('an order that one of two Fairleads with one store was given holds at both', async (t) => {
  const overrides = new DistantStore();
  const planes = [1, 2].map(() => {
    const clock = new FakeClock();
    const source: Source = {
      name: 'docker',
      watch: (publish) => publish(makeContribution([makeClaim('a')])),
    };
    const plane = new ControlPlane([source], clock, new ScriptedProbe(clock).probe, { overrides });
    t.teardown(() => plane.stop());
    plane.start();
    return plane;
  });
  await settle();
  const flags = () => planes.map((plane) => plane.snapshot.health.get('shop.org/a:80')?.flags);
  t.strictSame(flags(), [[], []]);
  planes[0]?.order('a', { state: 'drain', weight: 7 });
  await settle();
  t.strictSame(flags(), [['Draining'], ['Draining']]);
  t.match(planes[1]?.snapshot.services, [{ backends: [{ weight: 7, configuredWeight: 1 }] }]);
  planes[1]?.order('a', { state: 'ready' });
  await settle();
  t.strictSame(flags(), [[], []]);
  await overrides.scribble('shop.org/a:80', 'off');
  await settle();
  for (const plane of planes) {
    t.match(plane.snapshot.problems, [{ subject: 'shop.org/a:80', message: /is not followed/ }]);
    t.match(plane.snapshot.services, [{ backends: [{ weight: 7 }] }], 'what held before goes on');
  }
});
