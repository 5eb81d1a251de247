import t from 'tap';
import { Checker, type Target } from '../../../src/control/health/checker.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { FAIL, makeTarget, PASS, ScriptedProbe } from '../../support/scripted-probe.ts';

function setUp() {
  const clock = new FakeClock();
  const probes = new ScriptedProbe(clock);
  let changes = 0;
  const onChange = () => {
    changes++;
  };
  const checker = new Checker(clock, probes.probe, () => 0.5, {
    onChange,
    onReason: () => {},
    onPass: () => {},
  });
  /** How many changes were told since the last time. */
  const told = () => {
    const count = changes;
    changes = 0;
    return count;
  };
  const verdict = (target: Target) => checker.state(target.key)?.state;
  return { clock, probes, checker, told, verdict };
}

const many = (count: number) => Array.from({ length: count }, (_, i) => makeTarget(`host-${i}`));

t.test('at most 256 probes run at one time, and the rest wait for their turn', async (t) => {
  const { probes, checker, verdict } = setUp();
  const targets = many(600);
  probes.isHolding = true;
  checker.update(targets);
  t.equal(probes.concurrent, 256);
  probes.release(10);
  await settle();
  t.equal(probes.concurrent, 256);
  t.equal(probes.calls.length, 266);
  while (probes.concurrent > 0) {
    t.ok(probes.concurrent <= 256);
    probes.release();
    await settle();
  }
  t.equal(probes.calls.length, 600);
  t.ok(targets.every((target) => verdict(target) === 'up'));
});

t.test('what left while it waited for its turn is passed over', async (t) => {
  const { probes, checker } = setUp();
  const targets = many(300);
  probes.isHolding = true;
  checker.update(targets);
  checker.update([], targets.slice(256, -1));
  probes.release(1);
  await settle();
  t.equal(probes.calls.length, 257);
  t.equal(probes.calls.at(-1)?.host, 'host-299');
  checker.stop();
  probes.release();
  await settle();
  t.equal(probes.calls.length, 257);
});

t.test('a change is told when a verdict flips, and not when only words change', async (t) => {
  const { clock, probes, checker, told } = setUp();
  const also = { isPass: true, reason: 'HTTP 204' };
  probes.script['a'] = [PASS, also, FAIL, PASS, FAIL, FAIL, FAIL, FAIL, PASS, PASS];
  checker.update([makeTarget('a', { intervalMs: 1_000 })]);
  const flips: number[] = [];
  for (let i = 0; i < 10; i++) {
    await clock.advance(i === 0 ? 0 : 1_000);
    flips.push(told());
  }
  t.same(flips, [1, 0, 0, 0, 0, 0, 1, 0, 0, 1]);
});

t.test('a change is told when a pending target fails for another reason', async (t) => {
  const { clock, probes, checker, told } = setUp();
  probes.script['a'] = [FAIL, FAIL, { isPass: false, reason: 'connection refused' }];
  checker.update([makeTarget('a')]);
  await settle();
  t.equal(told(), 1);
  await clock.advance(25);
  t.equal(told(), 0);
  await clock.advance(50);
  t.equal(told(), 1);
});

t.test('a target that is checked in another way from now on keeps serving until that fails', async (t) => {
  const { clock, probes, checker, verdict } = setUp();
  const before = makeTarget('a');
  const after = makeTarget('a', { path: '/healthz', fall: 2 });
  probes.script['a'] = [PASS, FAIL];
  checker.update([before]);
  await settle();
  checker.update([after], [before]);
  t.equal(verdict(after), 'up');
  t.match(probes.calls.at(-1), { at: 0, check: { path: '/healthz' } }, 'it is probed at once');
  await clock.advance(1_000);
  t.equal(verdict(after), 'down');
});

t.test('a target that failed is judged anew when it is checked in another way', async (t) => {
  const { clock, probes, checker, verdict } = setUp();
  const before = makeTarget('a', { fall: 1 });
  probes.script['a'] = [PASS, FAIL];
  checker.update([before]);
  await clock.advance(5_000);
  t.equal(verdict(before), 'down');
  const after = makeTarget('a', { path: '/healthz' });
  checker.update([after], [before]);
  t.equal(verdict(after), 'pending');
  probes.script['a'] = [PASS];
  await clock.advance(25);
  t.equal(verdict(after), 'up', 'so that one pass is enough');
});

t.test('another process at the address of one that left has to pass first', async (t) => {
  const { checker, verdict } = setUp();
  const before = makeTarget('a');
  checker.update([before]);
  await settle();
  const restarted = { ...before, process: 'a~1:80', key: 'a~1:80' };
  checker.update([restarted], [before]);
  t.equal(verdict(restarted), 'pending');
});
