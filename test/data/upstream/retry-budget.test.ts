import fc from 'fast-check';
import t from 'tap';
import { RetryBudget } from '../../../src/data/upstream/retry-budget.ts';

/** How many of so many retries it pays for at that time, none of which is over. */
function paid(budget: RetryBudget, tries: number, now: number, percent = 20): number {
  let count = 0;
  for (let i = 0; i < tries; i++) if (budget.take(percent, now)) count++;
  return count;
}

t.test('without traffic to speak of three at one time are paid for', async (t) => {
  const budget = new RetryBudget();
  t.equal(paid(budget, 10, 0), 3);
  t.equal(paid(budget, 10, 60_000), 0, 'while those last');
  budget.release();
  budget.release();
  t.equal(paid(budget, 10, 60_000), 2);
});

t.test('a share of the latest requests is paid for besides', async (t) => {
  const budget = new RetryBudget();
  budget.requests = 1_000;
  const count = paid(budget, 1_000, 5_000);
  t.ok(count >= 200 && count <= 203, `${count} of 1,000 requests`);
  budget.requests += 10_000;
  const later = paid(budget, 10_000, 105_000);
  t.ok(later <= 203, `of 10,000 in 100 s only those of the last ten count: ${later}`);
});

t.test('what was not spent is forgotten', async (t) => {
  const budget = new RetryBudget();
  budget.requests = 1_000;
  t.ok(budget.take(20, 1_000));
  const left = paid(budget, 1_000, 61_000);
  t.ok(left <= 3, `${left} a minute later`);
});

t.test('whatever the traffic, no more than its share and three at a time are paid for', async (t) => {
  const step = fc.record({ requests: fc.nat(100), tries: fc.nat(100), ends: fc.nat(100), ms: fc.nat(5_000) });
  const property = fc.property(fc.array(step, { maxLength: 50 }), fc.nat(100), (steps, percent) => {
    const budget = new RetryBudget();
    let [now, spent, active, free] = [0, 0, 0, 0];
    for (const { requests, tries, ends, ms } of steps) {
      budget.requests += requests;
      now += ms;
      for (let i = 0; i < tries; i++) {
        if (!budget.take(percent, now)) continue;
        if (active < 3) free++;
        active++;
        spent++;
      }
      const ended = Math.min(ends, active);
      for (let i = 0; i < ended; i++) budget.release();
      active -= ended;
    }
    return spent - free <= (budget.requests * percent) / 100 + 1e-6;
  });
  fc.assert(property, { seed: 7 });
  t.pass();
});
