import t from 'tap';
import { MemoryOverrideStore, readOverride } from '../../src/control/override-store.ts';
import { DistantStore, itKeepsOverrides } from '../support/override-stores.ts';

itKeepsOverrides('memory', () => {
  const store = new MemoryOverrideStore();
  return { here: store, there: store };
});

// So that the claims above do not only hold for what answers at once.
itKeepsOverrides('a distant store', () => {
  const store = new DistantStore();
  return { here: store, there: store };
});

t.test('what was kept is an override, or it is said why not', async (t) => {
  t.strictSame(readOverride({ state: 'drain', at: 5, by: 'anna' }), { state: 'drain', at: 5 });
  t.strictSame(readOverride({ weight: 0, at: 0 }), { weight: 0, at: 0 });
  t.strictSame(readOverride({ state: 'maintenance', weight: 256, at: 1 }), {
    state: 'maintenance',
    weight: 256,
    at: 1,
  });
  const refused: [unknown, RegExp][] = [
    [null, /no object/],
    ['drain', /no object/],
    [[], /no object/],
    [{ at: 1 }, /neither a state nor a weight/],
    [{ state: 'ready', at: 1 }, /neither drain nor maintenance/],
    [{ state: null, weight: 1, at: 1 }, /neither drain nor maintenance/],
    [{ weight: -1, at: 1 }, /from 0 to 256/],
    [{ weight: 257, at: 1 }, /from 0 to 256/],
    [{ weight: 1.5, at: 1 }, /from 0 to 256/],
    [{ weight: '3', at: 1 }, /from 0 to 256/],
    [{ weight: 3 }, /when it was ordered/],
    [{ weight: 3, at: -1 }, /when it was ordered/],
    [{ weight: 3, at: Number.NaN }, /when it was ordered/],
  ];
  for (const [value, why] of refused) t.match(readOverride(value), why);
});
