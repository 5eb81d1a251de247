import t, { type Test } from 'tap';
import { ControlPlane } from '../../../src/control/control-plane.ts';
import type { Source } from '../../../src/control/discovery/source.ts';
import type { ProbeResult } from '../../../src/control/health/probe.ts';
import { Unproven } from '../../../src/control/health/unproven.ts';
import { explainUnproven } from '../../../src/control/health/unproven-problem.ts';
import type { CheckState } from '../../../src/control/health/verdict.ts';
import type { Claim, Contribution } from '../../../src/model/contribution.ts';
import type { HealthCheck, HealthFlag } from '../../../src/model/health.ts';
import { formatProblem, type Problem } from '../../../src/model/problem.ts';
import { makeClaim, makeContribution } from '../../support/claims.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { makeTarget, PASS, ScriptedProbe } from '../../support/scripted-probe.ts';

const REFUSED: ProbeResult = { isPass: false, reason: 'connection refused' };

/** A control plane with one source, which the test plays. */
function setUp(t: Test) {
  const clock = new FakeClock();
  const probes = new ScriptedProbe(clock);
  let publish: (contribution: Contribution) => void = () => {};
  const watch = (given: (contribution: Contribution) => void) => {
    publish = given;
  };
  const source: Source = { name: 'docker', watch };
  const plane = new ControlPlane([source], clock, probes.probe, { random: () => 0.5 });
  plane.start();
  t.teardown(() => plane.stop());
  const say = async (...claims: Claim[]) => {
    publish(makeContribution(claims));
    await settle();
  };
  const told = () => plane.snapshot.problems.filter(({ where }) => where === 'health');
  return { clock, probes, plane, say, told };
}

function flagged(name: string, flag: HealthFlag, reason: string): Claim {
  return makeClaim(name, { health: { flags: [flag], reason } });
}

t.test('a backend that has not passed a check after ten seconds is a problem until it passes', async (t) => {
  const { clock, probes, say, told } = setUp(t);
  probes.script['a'] = [REFUSED];
  await say(makeClaim('a'), makeClaim('b'));
  await clock.advance(9_900);
  t.same(told(), [], 'an application may take its time to start');
  await clock.advance(200);
  t.match(told(), [{ severity: 'error', source: 'docker', subject: 'a' }]);
  t.match(told()[0]?.message, 'has not passed a check yet: a:80: connection refused');
  probes.script['a'] = [PASS];
  await clock.advance(2_000);
  t.same(told(), []);
});

t.test('one that has passed once and fails later is no such problem', async (t) => {
  const { clock, probes, plane, say, told } = setUp(t);
  probes.script['a'] = [PASS, REFUSED];
  await say(makeClaim('a'));
  await clock.advance(60_000);
  t.same(plane.snapshot.health.get('shop.org/a:80')?.flags, ['FailedCheck']);
  t.same(told(), []);
});

t.test('one that takes traffic before its first check is told, too', async (t) => {
  const { clock, probes, say, told } = setUp(t);
  probes.script['a'] = [REFUSED];
  await say(makeClaim('a', { settings: { health: { start: 'up' } } }));
  await clock.advance(11_000);
  t.equal(told().length, 1);
  probes.script['a'] = [PASS];
  await clock.advance(1_500);
  t.same(told(), [], 'solved by the first pass, before the second one brings it back');
});

t.test('one that is not checked, starts, drains or was taken out is not told', async (t) => {
  const { clock, probes, say, told } = setUp(t);
  for (const name of ['a', 'b', 'c', 'd']) probes.script[name] = [REFUSED];
  await say(
    makeClaim('a', { service: 'unchecked', settings: { health: { type: 'none' } } }),
    flagged('b', 'Pending', 'its HEALTHCHECK is starting'),
    flagged('c', 'Draining', 'the container was sent SIGTERM'),
    flagged('d', 'Maintenance', 'maintenance was ordered'),
  );
  await clock.advance(30_000);
  t.same(told(), []);
  await say(makeClaim('b'));
  await clock.advance(10_000);
  t.match(told(), [{ subject: 'b' }], 'and is once that is over');
});

t.test('what Docker says against it is told with it', async (t) => {
  const { clock, probes, say, told } = setUp(t);
  probes.script['a'] = [REFUSED];
  await say(flagged('a', 'FailedCheck', 'the container is paused'));
  await clock.advance(10_000);
  t.match(told()[0]?.message, /connection refused; the container is paused$/);
});

t.test('its reason is kept up to date, each ten seconds at most', async (t) => {
  const { clock, probes, plane, say, told } = setUp(t);
  probes.script['a'] = [REFUSED];
  await say(makeClaim('a'));
  await clock.advance(10_000);
  const [first] = told();
  probes.script['a'] = [{ isPass: false, reason: 'HTTP 500' }];
  await clock.advance(5_000);
  t.equal(told()[0], first);
  await clock.advance(5_000);
  t.match(told()[0]?.message, 'HTTP 500');
  const { version } = plane.snapshot;
  await clock.advance(30_000);
  t.equal(plane.snapshot.version, version, 'the same is no news');
});

t.test('a backend that leaves takes its problem along', async (t) => {
  const { clock, probes, say, told } = setUp(t);
  probes.script['a'] = [REFUSED];
  await say(makeClaim('a'));
  await clock.advance(10_000);
  t.equal(told().length, 1);
  await say();
  t.same(told(), []);
});

t.test('of thousands that never pass fifty are told one by one, and one timer is for all', async (t) => {
  const clock = new FakeClock();
  const states = new Map<string, CheckState>();
  let changes = 0;
  const unproven = new Unproven(clock, {
    state: ({ key }) => states.get(key),
    sourceHealth: () => undefined,
    onChange: () => changes++,
  });
  const targets = Array.from({ length: 5_000 }, (_, i) => makeTarget(`c${i}`));
  const state = { state: 'pending', reason: 'connection refused', checkedAt: 1, hasPassed: false } as const;
  for (const { key } of targets) states.set(key, state);
  unproven.update(targets, []);
  t.equal(clock.pending, 1);
  await clock.advance(10_000);
  t.equal(unproven.problems.length, 51);
  t.equal(unproven.problems.at(-1)?.message, '4,950 more backends have not passed a check yet');
  t.strictSame([clock.pending, changes], [1, 1]);
  for (const target of targets.slice(0, 4_990)) unproven.pass(target);
  t.same(
    unproven.problems.map(({ subject }) => subject),
    targets.slice(4_990).map(({ address }) => address.host),
  );
  unproven.update([], targets);
  t.same(unproven.problems, []);
});

/** What is said of a container's backend whose last probe found that. */
function explain(found: string, check: Partial<HealthCheck> = {}, caveat?: string): string {
  const target = makeTarget('172.17.0.3', check);
  const origin = { source: 'docker', name: 'shop-1', containerId: 'abc' };
  const problem: Problem = explainUnproven(
    { ...target, origin, ...(caveat !== undefined && { caveat }) },
    found,
    found,
  );
  return formatProblem(problem);
}

t.test('each cause is told with its cure', async (t) => {
  const caveat = 'the container exposes 80, fairlead.port says 8080';
  const begin = 'shop-1: health: has not passed a check yet:';
  t.equal(
    explain('connection refused', {}, caveat),
    `${begin} 172.17.0.3:80: connection refused (${caveat})`,
    'what is exposed against what the label says',
  );
  t.equal(
    explain('connection refused'),
    `${begin} 172.17.0.3:80: connection refused (does it listen on port 80, and on all addresses rather than on 127.0.0.1 within its container?)`,
  );
  t.equal(
    explain('HTTP 404', { type: 'http', path: '/healthz' }),
    `${begin} GET /healthz at 172.17.0.3:80: HTTP 404 (fairlead.health.path says what is asked, fairlead.health.status what passes (200-399), and fairlead.health.host whom it is asked for)`,
  );
  t.equal(
    explain('HTTP 401', { type: 'http', path: '/', status: [[200, 200]] }),
    `${begin} GET / at 172.17.0.3:80: HTTP 401 (it may want a login: fairlead.health.path names a page without one, or is left out; fairlead.health.host says whom it is asked for)`,
    'to pass what asks for a login is no advice: each check would be one that failed',
  );
  t.equal(
    explain('no answer within 2000 ms', { type: 'http', path: '/slow', port: 81 }),
    `${begin} GET /slow at 172.17.0.3:81: no answer within 2000 ms (is /slow of port 81 answered at all? fairlead.health.timeout gives it longer)`,
  );
  t.match(explain('no connection within 2000 ms'), 'is a firewall between? fairlead.network names another');
  t.match(explain('no route to the address'), 'is a firewall between?');
  t.match(
    explain('the connection was closed without an answer', { type: 'http' }),
    'does port 80 speak plain HTTP? fairlead.port names another, fairlead.health.type=tcp only connects',
  );
});

t.test('of a backend in a file no label is named', async (t) => {
  const target = makeTarget('10.0.0.1', { type: 'http' });
  for (const found of ['connection refused', 'HTTP 404', 'no route to the address', 'no answer within 9 ms'])
    t.notMatch(formatProblem(explainUnproven(target, found, found)), 'fairlead.');
});
