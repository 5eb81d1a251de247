import fc from 'fast-check';
import t from 'tap';
import { Attempts } from '../../../src/data/upstream/attempts.ts';
import type { PendingAttempt } from '../../../src/data/upstream/pending.ts';

const attempt = () => ({ index: 0 }) as PendingAttempt;

t.test('whatever comes and goes, the list has what a set would have', async (t) => {
  const steps = fc.array(fc.record({ isEnd: fc.boolean(), at: fc.nat(20) }), { maxLength: 100 });
  const property = fc.property(steps, (steps) => {
    const list = new Attempts();
    const set = new Set<PendingAttempt>();
    for (const { isEnd, at } of steps) {
      const one = isEnd ? [...set][at] : attempt();
      if (one === undefined) continue;
      if (isEnd) list.delete(one);
      else list.add(one);
      if (isEnd) set.delete(one);
      else set.add(one);
      if (list.size !== set.size) return false;
      const members = [...list];
      if (members.length !== set.size || members.some((member) => !set.has(member))) return false;
    }
    return true;
  });
  fc.assert(property);
  t.pass();
});
