import { equal, ok } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { Verdict, type VerdictState } from '../../../src/control/health/verdict.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import { FAIL, makeTarget, PASS } from '../../support/scripted-probe.ts';

function makeVerdict(check: Partial<HealthCheck> = {}, before?: VerdictState): Verdict {
  return new Verdict(makeTarget('a', check).check, before);
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
      const verdict = makeVerdict({ rise, fall, start });
      let state: VerdictState = start === 'up' ? 'up' : 'pending';
      let sinceFlip: boolean[] = [];
      for (const isPass of passes) {
        sinceFlip.push(isPass);
        const last = (count: number, wanted: boolean) =>
          sinceFlip.length >= count && sinceFlip.slice(-count).every((result) => result === wanted);
        let expected: VerdictState = state;
        if (state === 'pending' && isPass) expected = 'up';
        else if (state === 'up' && last(fall, false)) expected = 'down';
        else if (state === 'down' && last(rise, true)) expected = 'up';
        equal(verdict.observe(isPass ? PASS : FAIL, 1), expected !== state, 'it says that it flipped');
        equal(verdict.state, expected);
        if (expected !== state) sinceFlip = [];
        state = expected;
      }
    }),
    { numRuns: 1_000 },
  );
});

t.test('without a first pass it never becomes up, however long it fails', async () => {
  fc.assert(
    fc.property(check, fc.nat(30), ({ rise, fall }, failures) => {
      const verdict = makeVerdict({ rise, fall, start: 'down' });
      for (let i = 0; i < failures; i++) verdict.observe(FAIL, i);
      equal(verdict.state, 'pending');
      ok(verdict.observe(PASS, 99), 'and the first pass is enough');
      equal(verdict.state, 'up');
    }),
  );
});

t.test('it starts pending, or up where the service says so or nothing is checked', async (t) => {
  t.match(makeVerdict(), { state: 'pending', reason: 'not checked yet', checkedAt: 0 });
  t.match(makeVerdict({ start: 'up' }), { state: 'up', reason: 'not checked yet' });
  t.match(makeVerdict({ type: 'none' }), { state: 'up', reason: /^not checked$/ });
});

t.test('what was up by another check goes on until this one fails', async (t) => {
  const verdict = makeVerdict({ fall: 2 }, 'up');
  t.equal(verdict.state, 'up');
  verdict.observe(FAIL, 1);
  t.equal(verdict.state, 'up');
  verdict.observe(FAIL, 2);
  t.equal(verdict.state, 'down');
});

t.test('what was not up by another check starts anew', async (t) => {
  t.equal(makeVerdict({}, 'down').state, 'pending');
  t.equal(makeVerdict({}, 'pending').state, 'pending');
});

t.test('it tells the reason and the time of the last probe', async (t) => {
  const verdict = makeVerdict();
  verdict.observe(PASS, 5);
  verdict.observe({ isPass: false, reason: 'connection refused' }, 9);
  t.match(verdict, { state: 'up', reason: 'connection refused', checkedAt: 9 });
});

t.test('it is steady only when it is up and its last probe passed', async (t) => {
  const verdict = makeVerdict({ start: 'up', fall: 2, rise: 2 });
  t.notOk(verdict.isSteady, 'not before the first probe');
  const steady = (isPass: boolean) => {
    verdict.observe(isPass ? PASS : FAIL, 1);
    return verdict.isSteady;
  };
  t.same([true, false, true, false, false, true, true, true].map(steady), [
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
