import { equal, ok } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { HealthMachine, type Verdict } from '../../../src/control/health/machine.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import { FAIL, makeTarget, PASS } from '../../support/scripted-probe.ts';

function makeMachine(check: Partial<HealthCheck> = {}, before?: Verdict): HealthMachine {
  return new HealthMachine(makeTarget('a', check).check, before);
}

const check = fc.record({
  rise: fc.integer({ min: 1, max: 4 }),
  fall: fc.integer({ min: 1, max: 4 }),
  start: fc.constantFrom('up' as const, 'down' as const),
});
const results = fc.array(fc.boolean(), { maxLength: 40 });

t.test('it flips by rise passes or fall failures in a row, never before and never later', async () => {
  fc.assert(
    fc.property(check, results, ({ rise, fall, start }, passes) => {
      const machine = makeMachine({ rise, fall, start });
      let verdict: Verdict = start === 'up' ? 'up' : 'pending';
      let sinceFlip: boolean[] = [];
      for (const isPass of passes) {
        sinceFlip.push(isPass);
        const last = (count: number, wanted: boolean) =>
          sinceFlip.length >= count && sinceFlip.slice(-count).every((result) => result === wanted);
        let expected: Verdict = verdict;
        if (verdict === 'pending' && isPass) expected = 'up';
        else if (verdict === 'up' && last(fall, false)) expected = 'down';
        else if (verdict === 'down' && last(rise, true)) expected = 'up';
        equal(machine.observe(isPass ? PASS : FAIL, 1), expected !== verdict, 'it says that it flipped');
        equal(machine.verdict, expected);
        if (expected !== verdict) sinceFlip = [];
        verdict = expected;
      }
    }),
    { numRuns: 1_000 },
  );
});

t.test('without a first pass it never becomes up, however long it fails', async () => {
  fc.assert(
    fc.property(check, fc.nat(30), ({ rise, fall }, failures) => {
      const machine = makeMachine({ rise, fall, start: 'down' });
      for (let i = 0; i < failures; i++) machine.observe(FAIL, i);
      equal(machine.verdict, 'pending');
      ok(machine.observe(PASS, 99), 'and the first pass is enough');
      equal(machine.verdict, 'up');
    }),
  );
});

t.test('it starts pending, or up where the service says so or nothing is checked', async (t) => {
  t.match(makeMachine(), { verdict: 'pending', reason: 'not checked yet', checkedAt: 0 });
  t.match(makeMachine({ start: 'up' }), { verdict: 'up', reason: 'not checked yet' });
  t.match(makeMachine({ type: 'none' }), { verdict: 'up', reason: /^not checked$/ });
});

t.test('what was up by another check goes on until this one fails', async (t) => {
  const machine = makeMachine({ fall: 2 }, 'up');
  t.equal(machine.verdict, 'up');
  machine.observe(FAIL, 1);
  t.equal(machine.verdict, 'up');
  machine.observe(FAIL, 2);
  t.equal(machine.verdict, 'down');
});

t.test('what was not up by another check starts anew', async (t) => {
  t.equal(makeMachine({}, 'down').verdict, 'pending');
  t.equal(makeMachine({}, 'pending').verdict, 'pending');
});

t.test('it tells the reason and the time of the last probe', async (t) => {
  const machine = makeMachine();
  machine.observe(PASS, 5);
  machine.observe({ isPass: false, reason: 'connection refused' }, 9);
  t.match(machine, { verdict: 'up', reason: 'connection refused', checkedAt: 9 });
});

t.test('it is settled only when it is up and its last probe passed', async (t) => {
  const machine = makeMachine({ start: 'up', fall: 2, rise: 2 });
  t.notOk(machine.isSettled, 'not before the first probe');
  const settled = (isPass: boolean) => {
    machine.observe(isPass ? PASS : FAIL, 1);
    return machine.isSettled;
  };
  t.same([true, false, true, false, false, true, true, true].map(settled), [
    true,
    false,
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
});
