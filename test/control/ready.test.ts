import t, { type Test } from 'tap';
import { ControlPlane } from '../../src/control/control-plane.ts';
import type { Source } from '../../src/control/discovery/source.ts';
import type { Contribution } from '../../src/model/contribution.ts';
import type { Problem } from '../../src/model/problem.ts';
import { makeClaim, makeContribution } from '../support/claims.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { FAIL, ScriptedProbe } from '../support/scripted-probe.ts';

const TIMEOUT_MS = 10_000;

/** A control plane that starts, with sources that the test plays. */
function startPlane(t: Test, ...names: string[]) {
  const clock = new FakeClock();
  const probes = new ScriptedProbe(clock);
  const publishers = new Map<string, (contribution: Contribution) => void>();
  const sources = names.map((name): Source => ({ name, watch: (to) => publishers.set(name, to) }));
  const control = new ControlPlane(sources, clock, probes.probe, { random: () => 0.5 });
  t.teardown(() => control.stop());
  control.start();
  const seen = { isSettled: false, services: -1 };
  void control.settle(TIMEOUT_MS).then(() => {
    seen.isSettled = true;
    seen.services = control.snapshot.services.length;
  });
  const say = async (source: string, contribution: Contribution) => {
    publishers.get(source)?.(contribution);
    await settle();
  };
  return { clock, probes, control, seen, say };
}

const ofSource = (name: string, ...claims: ReturnType<typeof makeClaim>[]) =>
  makeContribution(claims, [], name);
const WHY = {
  severity: 'error',
  source: 'docker',
  subject: 'docker',
  where: '',
  message: 'no permission',
} as const;
/** @param problems an Engine tells why it does not answer */
const lost = (name: string, ...problems: Problem[]): Contribution => ({
  status: { name, target: 'unix:///x.sock', connected: false, staleSince: 0, error: 'no permission' },
  claims: [],
  problems,
});

t.test('a start is settled once every source was heard, with all that they said', async (t) => {
  const { seen, say } = startPlane(t, 'docker', 'file');
  await say('file', ofSource('file', makeClaim('a', { hosts: ['a.org'] })));
  t.notOk(seen.isSettled);
  await say('docker', { ...ofSource('docker', makeClaim('b')), isPartial: true });
  t.notOk(seen.isSettled, 'a part is not all');
  await say('docker', ofSource('docker', makeClaim('b'), makeClaim('c', { hosts: ['c.org'] })));
  t.strictSame(seen, { isSettled: true, services: 3 });
});

t.test('a last part that says nothing new ends the waiting, too', async (t) => {
  const { seen, say } = startPlane(t, 'docker');
  await say('docker', { ...ofSource('docker'), isPartial: true });
  t.notOk(seen.isSettled);
  await say('docker', ofSource('docker'));
  t.ok(seen.isSettled);
});

t.test('without any source there is nothing to wait for', async (t) => {
  const { seen, control } = startPlane(t);
  await settle();
  t.ok(seen.isSettled);
  t.ok(control.readiness.isEnough);
});

t.test('a source that only tells that it hears nothing is waited for, and then a problem', async (t) => {
  const { clock, control, seen, say } = startPlane(t, 'docker');
  await say('docker', lost('docker'));
  await clock.advance(TIMEOUT_MS - 1);
  t.notOk(seen.isSettled);
  t.strictSame(control.snapshot.problems, [], 'it may still come');
  t.ok(control.readiness.isTold, 'whoever only looks need not wait for it');
  await clock.advance(1);
  t.ok(seen.isSettled);
  t.notOk(control.readiness.isEnough);
  t.match(control.snapshot.problems, [
    { severity: 'error', source: 'docker', subject: 'unix:///x.sock', message: /not heard within 10 s/ },
  ]);
  await say('docker', ofSource('docker'));
  t.strictSame(control.snapshot.problems, [], 'solved');
  await say('docker', lost('docker'));
  t.strictSame(control.snapshot.problems, [], 'once heard it is stale, no more');
  t.ok(control.readiness.isEnough);
});

t.test('of a source that is never reached there is one problem, with the reason', async (t) => {
  const { clock, control, say } = startPlane(t, 'docker');
  const other = { ...WHY, where: 'list', message: 'of its list 1 cannot be read' };
  await say('docker', lost('docker', other, WHY));
  t.strictSame(control.snapshot.problems, [other, WHY]);
  await clock.advance(TIMEOUT_MS);
  const [first, second, ...rest] = control.snapshot.problems;
  t.strictSame([first, ...rest], [other]);
  t.match(second, { ...WHY, message: /^was not heard within 10 s of the start/, hint: 'no permission' });
  await say('docker', ofSource('docker'));
  t.strictSame(control.snapshot.problems, [], 'solved');
  await say('docker', lost('docker', WHY));
  t.strictSame(control.snapshot.problems, [WHY], 'one that was heard once is only lost');
});

t.test('a file of options alone is not enough to be ready while no Engine was heard', async (t) => {
  const { clock, control, say } = startPlane(t, 'docker', 'file');
  await say('file', ofSource('file'));
  await clock.advance(TIMEOUT_MS);
  t.notOk(control.readiness.isEnough);
  await say('file', ofSource('file', makeClaim('a')));
  t.ok(control.readiness.isEnough, 'its services are served');
  t.strictSame(control.readiness.unheard, ['docker']);
});

t.test('a backend that serves is found out before anybody asks for it', async (t) => {
  const { probes, control, seen, say } = startPlane(t, 'docker');
  probes.isHolding = true;
  await say('docker', ofSource('docker', makeClaim('a'), makeClaim('b')));
  t.notOk(seen.isSettled, 'requests would get 503');
  probes.release(1);
  await settle();
  t.ok(seen.isSettled, 'one is enough');
  t.same(control.snapshot.health.get('shop.org/a:80')?.flags, []);
});

t.test('a standby that answers first does not serve in the place of a primary', async (t) => {
  const { probes, seen, say } = startPlane(t, 'docker');
  probes.isHolding = true;
  await say('docker', ofSource('docker', makeClaim('a', { backup: true }), makeClaim('b')));
  probes.release(1);
  await settle();
  t.notOk(seen.isSettled);
  probes.release();
  await settle();
  t.ok(seen.isSettled);
});

t.test('a backend that fails its first check is not waited for', async (t) => {
  const { probes, seen, say } = startPlane(t, 'docker');
  probes.script['a'] = [FAIL];
  await say('docker', ofSource('docker', makeClaim('a')));
  t.ok(seen.isSettled);
});

t.test('a check that does not end is waited for three seconds, and is no problem', async (t) => {
  const { clock, probes, control, seen, say } = startPlane(t, 'docker');
  probes.isHolding = true;
  await say('docker', ofSource('docker', makeClaim('a')));
  await clock.advance(2_999);
  t.notOk(seen.isSettled);
  await clock.advance(1);
  t.ok(seen.isSettled);
  t.strictSame(control.snapshot.problems, []);
});

t.test('what a source said in part counts once it is not waited for any longer', async (t) => {
  const { clock, control, seen, say } = startPlane(t, 'docker');
  await say('docker', { ...ofSource('docker', makeClaim('a')), isPartial: true });
  t.equal(control.snapshot.services.length, 0, 'nobody is served by it yet');
  await clock.advance(TIMEOUT_MS);
  t.strictSame(seen, { isSettled: true, services: 1 });
  await say('docker', {
    ...ofSource('docker', makeClaim('a'), makeClaim('b', { hosts: ['b.org'] })),
    isPartial: true,
  });
  t.equal(control.snapshot.services.length, 2, 'from then on parts are taken as they come');
});

t.test('one that is stopped before never settles', async (t) => {
  const { clock, control, seen, say } = startPlane(t, 'docker');
  control.stop();
  await say('docker', ofSource('docker'));
  await clock.advance(2 * TIMEOUT_MS);
  t.notOk(seen.isSettled);
});
