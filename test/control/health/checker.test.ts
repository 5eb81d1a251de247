import t from 'tap';
import { Checker, type Target } from '../../../src/control/health/checker.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { FAIL, makeTarget, PASS, ScriptedProbe } from '../../support/scripted-probe.ts';

/** A checker whose jitter is none, unless the test says another random number. */
function setUp(random = () => 0.5) {
  const clock = new FakeClock();
  const probes = new ScriptedProbe(clock);
  const changes: number[] = [];
  const checker = new Checker(clock, probes.probe, random, {
    onChange: () => changes.push(clock.elapsed()),
    onReason: () => {},
    onPass: () => {},
  });
  const verdicts = (...targets: Target[]) => targets.map(({ key }) => checker.state(key)?.state);
  return { clock, probes, changes, checker, verdicts };
}

t.test('the first probes run at once and in parallel', async (t) => {
  const { probes, checker } = setUp();
  probes.isHolding = true;
  checker.update(['a', 'b', 'c'].map((host) => makeTarget(host)));
  t.equal(probes.concurrent, 3);
  t.same(
    probes.calls.map(({ at }) => at),
    [0, 0, 0],
  );
});

t.test('a passing target is probed each interval', async (t) => {
  const { clock, probes, checker } = setUp();
  checker.update([makeTarget('a')]);
  await clock.advance(16_000);
  t.same(probes.times('a'), [0, 5_000, 10_000, 15_000]);
});

t.test('an interval is jittered by a tenth at most, to both sides', async (t) => {
  for (const [random, wait] of [
    [0, 4_500],
    // Started with others: at the next 20 ms.
    [0.25, 4_760],
    [0.999_999, 5_500],
  ] as const) {
    const { clock, probes, checker } = setUp(() => random);
    checker.update([makeTarget('a')]);
    await clock.advance(6_000);
    t.same(probes.times('a').map(Math.round), [0, wait]);
  }
});

t.test('while in doubt a target is probed each second', async (t) => {
  const { clock, probes, checker, verdicts } = setUp();
  const target = makeTarget('a', { fall: 3, rise: 2 });
  probes.script['a'] = [PASS, FAIL, FAIL, FAIL, FAIL, PASS, PASS];
  checker.update([target]);
  await clock.advance(7_000);
  t.same(verdicts(target), ['down']);
  t.same(probes.times('a'), [0, 5_000, 6_000, 7_000], 'until it is down');
  await clock.advance(8_000);
  t.same(verdicts(target), ['up']);
  t.same(probes.times('a').slice(4), [8_000, 9_000, 10_000, 15_000], 'and until it is up again');
});

t.test('a probe that we could not make says nothing of the target', async (t) => {
  const { clock, probes, checker, verdicts } = setUp();
  const target = makeTarget('a', { fall: 1 });
  probes.script['a'] = [PASS, { isPass: false, reason: 'EMFILE', isVoid: true }];
  checker.update([target]);
  await clock.advance(60_000);
  t.same(verdicts(target), ['up']);
  t.equal(checker.state(target.key)?.checkedAt, clock.now() - 60_000, 'nor when it was last seen');
  t.ok(probes.times('a').length > 10, 'and it is asked again and again');
});

t.test('an interval of less than a second is kept in doubt', async (t) => {
  const { clock, probes, checker } = setUp();
  probes.script['a'] = [PASS, FAIL];
  checker.update([makeTarget('a', { intervalMs: 200 })]);
  await clock.advance(700);
  t.same(probes.times('a'), [0, 200, 400, 600]);
});

t.test('a target that did not pass yet is tried again quickly, then each second', async (t) => {
  const { clock, probes, checker, verdicts } = setUp();
  const target = makeTarget('a');
  probes.script['a'] = [FAIL];
  checker.update([target]);
  await clock.advance(4_000);
  t.same(probes.times('a'), [0, 25, 75, 175, 375, 775, 1_575, 2_575, 3_575]);
  t.same(verdicts(target), ['pending']);
  probes.script['a'] = [PASS];
  await clock.advance(600);
  t.same(verdicts(target), ['up']);
});

t.test('a target that starts up is probed at once, too', async (t) => {
  const { probes, checker, verdicts } = setUp();
  const target = makeTarget('a', { start: 'up' });
  probes.script['a'] = [FAIL];
  checker.update([target]);
  t.same(verdicts(target), ['up']);
  t.same(probes.times('a'), [0]);
});

t.test('without a check nothing is probed and all is up', async (t) => {
  const { clock, probes, checker, verdicts } = setUp();
  const target = makeTarget('a', { type: 'none' });
  checker.update([target]);
  await clock.advance(60_000);
  t.same(probes.calls, []);
  t.same(verdicts(target), ['up']);
});

t.test('a target that left is not probed any more', async (t) => {
  const { clock, probes, checker } = setUp();
  const [a, b] = [makeTarget('a'), makeTarget('b')];
  checker.update([a, b]);
  await settle();
  checker.update([], [a]);
  await clock.advance(11_000);
  t.same(probes.times('a'), [0]);
  t.same(probes.times('b'), [0, 5_000, 10_000]);
  t.equal(checker.state(a.key), undefined);
});

t.test('a target that left while it was probed is forgotten', async (t) => {
  const { clock, probes, changes, checker } = setUp();
  probes.isHolding = true;
  checker.update([makeTarget('a')]);
  checker.update([], [makeTarget('a')]);
  probes.release();
  await clock.advance(60_000);
  t.equal(probes.calls.length, 1);
  t.same(changes, []);
});

t.test('a target that comes back while its old probe runs is a new one', async (t) => {
  const { clock, probes, checker, verdicts } = setUp();
  const target = makeTarget('a');
  probes.isHolding = true;
  checker.update([target]);
  checker.update([], [target]);
  checker.update([target]);
  probes.release(1);
  await settle();
  t.same(verdicts(target), ['pending'], 'what the old probe found does not count');
  probes.isHolding = false;
  probes.release();
  await clock.advance(1_000);
  t.same(verdicts(target), ['up']);
  t.equal(probes.calls.length, 2, 'and it has one schedule');
});

t.test('targets that stay keep their state and their schedule when others come and go', async (t) => {
  const { clock, probes, checker, verdicts } = setUp();
  const a = makeTarget('a');
  probes.script['a'] = [PASS, FAIL, FAIL, FAIL];
  checker.update([a]);
  for (let i = 1; i <= 9; i++) {
    await clock.advance(500);
    const other = makeTarget(`other-${Math.ceil(i / 2)}`);
    if (i % 2 === 1) checker.update([other, a]);
    else checker.update([], [other]);
    t.same(verdicts(a), ['up']);
  }
  t.same(probes.times('a'), [0]);
  await clock.advance(2_500);
  t.same(probes.times('a'), [0, 5_000, 6_000, 7_000]);
  t.same(verdicts(a), ['down'], 'failures are counted across updates');
});

t.test('once stopped nothing is probed', async (t) => {
  const { clock, probes, checker } = setUp();
  checker.update([makeTarget('a'), makeTarget('b')]);
  await settle();
  checker.stop();
  await clock.advance(60_000);
  t.equal(probes.calls.length, 2);
  t.equal(clock.pending, 0);
});

t.test('a probe that is asked for comes at once, and while probes pass at most each second', async (t) => {
  const { clock, probes, checker } = setUp();
  const target = makeTarget('a');
  checker.update([target]);
  await clock.advance(2_000);
  for (let i = 0; i < 20; i++) {
    checker.hurry(target.key);
    await clock.advance(100);
  }
  t.same(probes.times('a'), [0, 2_000, 3_000, 4_000]);
  await clock.advance(10_000);
  t.same(probes.times('a').slice(4), [9_000, 14_000]);
});

t.test(
  'one that fails where requests fail is followed by others at once, until it is a verdict',
  async (t) => {
    const { clock, probes, checker, verdicts } = setUp();
    const target = makeTarget('a', { fall: 3, rise: 2 });
    checker.update([target]);
    await clock.advance(2_000);
    probes.script['a'] = [...new Array(8).fill(FAIL), PASS];
    checker.hurry(target.key);
    await clock.advance(50);
    t.same(probes.times('a'), [0, 2_000, 2_025, 2_050]);
    t.same(verdicts(target), ['down']);
    await clock.advance(1_500);
    t.same(
      probes.times('a').slice(4),
      [2_075, 2_125, 2_225, 2_425, 2_825],
      'less and less often while it is out',
    );
    await clock.advance(6_000);
    t.same(probes.times('a').slice(9), [3_625, 3_825, 8_840], 'and at its pace when it is back, with others');
    t.same(verdicts(target), ['up']);
  },
);

t.test('requests that fail on hold up no probe that comes sooner', async (t) => {
  const { clock, probes, checker } = setUp();
  const target = makeTarget('a', { fall: 5 });
  checker.update([target]);
  await clock.advance(2_000);
  probes.script['a'] = [FAIL];
  for (let i = 0; i < 10; i++) {
    checker.hurry(target.key);
    await clock.advance(10);
  }
  t.same(probes.times('a'), [0, 2_000, 2_025, 2_050, 2_075, 2_100]);
});

t.test(
  'a probe that passes ends that: where the check is well, requests cause one each second',
  async (t) => {
    const { clock, probes, checker, verdicts } = setUp();
    const target = makeTarget('a', { fall: 2 });
    checker.update([target]);
    await clock.advance(2_000);
    probes.script['a'] = [FAIL, PASS];
    for (let i = 0; i < 30; i++) {
      checker.hurry(target.key);
      await clock.advance(100);
    }
    t.same(probes.times('a'), [0, 2_000, 2_025, 2_225, 3_225, 4_225]);
    t.same(verdicts(target), ['up']);
  },
);
