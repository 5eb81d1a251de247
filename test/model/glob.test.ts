import fc from 'fast-check';
import t from 'tap';
import { fitsGlob } from '../../src/model/glob.ts';

t.test('a star stands for anything, nothing included', async (t) => {
  for (const [pattern, text, expected] of [
    ['shop', 'shop', true],
    ['shop', 'shops', false],
    ['shop*', 'shop', true],
    ['*/shop', 'acme/shop', true],
    ['a*b*c', 'axbxbxc', true],
    ['a*b*c', 'acb', false],
    ['ab*ba', 'aba', false],
    ['*', '', true],
  ] as const)
    t.equal(fitsGlob(pattern, text), expected, `${pattern} ${text}`);
});

t.test('it fits what the regular expression fits', async (t) => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (pattern, other) => {
      const text = other.replaceAll('*', '');
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text);
      return fitsGlob(pattern, text) === expected;
    }),
  );
  t.pass();
});
