import fc from 'fast-check';
import t from 'tap';
import { EMPTY_KEYRING, type Keyring } from '../../src/model/keyring.ts';
import { packKeyring, unpackKeyring } from '../../src/workers/wire-keyring.ts';
import { keyringOf, namedPair } from '../support/keyring.ts';

const PAIRS = ['a', 'b', 'c', 'd'].map((name) => namedPair(`${name}.test`));

/** What a worker makes of what it is sent. */
function sent(keyring: Keyring, before: Keyring, there: Keyring): Keyring {
  return unpackKeyring(JSON.parse(JSON.stringify(packKeyring(keyring, before))), there);
}

t.test(
  'whatever changes in a keyring, a worker has it whole, and what did not change is the very same',
  async (t) => {
    const keyring = fc
      .record({
        pairs: fc.shuffledSubarray(PAIRS),
        fallback: fc.option(fc.constantFrom(...PAIRS), { nil: undefined }),
      })
      .map(({ pairs, fallback }) => keyringOf(pairs, { fallback }));
    fc.assert(
      fc.property(fc.array(keyring), (all) => {
        let before = EMPTY_KEYRING;
        let there = EMPTY_KEYRING;
        for (const next of all) {
          there = sent(next, before, there);
          t.strictSame(there, next);
          before = next;
        }
      }),
      { seed: 7 },
    );
  },
);

t.test('of many pairs only what changed travels, and the others are the very same there', async (t) => {
  const many = Array.from({ length: 1_000 }, (_, i) => namedPair(`h${i}.test`));
  const before = keyringOf(many, { fallback: namedPair('default.test') });
  const there = sent(before, EMPTY_KEYRING, EMPTY_KEYRING);
  const next = { ...before, pairs: many.with(5, namedPair('h5.test')) };
  t.ok(JSON.stringify(packKeyring(next, before)).length < 500);
  const after = sent(next, before, there);
  t.equal(after.pairs[999], there.pairs[999]);
  t.equal(after.fallback, there.fallback);
});
