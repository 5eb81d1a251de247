import { deepStrictEqual } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { changedIndexes, changesOf } from '../../src/model/changes.ts';

t.test('a list that is as before has no changes', async (t) => {
  const list = [{}, {}];
  t.strictSame(changesOf(list, [...list]), { gone: [], fresh: [] });
});

t.test('of many values only those that differ are named, by whether they are the very same', async (t) => {
  const before = Array.from({ length: 1_000 }, (_, i) => ({ i }));
  const equal = { i: 500 };
  const { gone, fresh } = changesOf(before, before.with(500, equal));
  t.equal(gone.length + fresh.length, 2);
  t.equal(gone[0], before[500]);
  t.equal(fresh[0], equal);
});

t.test('what moved is gone and fresh, and the rest is neither', async (t) => {
  t.strictSame(changesOf(['a', 'b', 'c'], ['b', 'c', 'a']), { gone: ['a'], fresh: ['a'] });
});

t.test('without what is gone, and without what is fresh, two lists are the same', async () => {
  const list = fc.uniqueArray(fc.nat(12));
  fc.assert(
    fc.property(list, list, (before, after) => {
      const { gone, fresh } = changedIndexes(before, after);
      deepStrictEqual(
        before.filter((_, place) => !gone.includes(place)),
        after.filter((_, place) => !fresh.includes(place)),
      );
    }),
    { numRuns: 1_000, seed: 1 },
  );
});
