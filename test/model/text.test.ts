import t from 'tap';
import { quoted, shorten } from '../../src/model/text.ts';

t.test('a text of up to 100 characters is repeated whole, a longer one by its beginning', async (t) => {
  t.equal(shorten('x'.repeat(100)), 'x'.repeat(100));
  t.equal(shorten('x'.repeat(1_001)), `${'x'.repeat(100)}… (1,001 characters)`);
  t.equal(quoted('x'.repeat(101)), `"${'x'.repeat(100)}…" (101 characters)`);
});

t.test('a character of two surrogates is never split', async (t) => {
  const astride = `${'x'.repeat(99)}😀${'x'.repeat(10)}`;
  t.equal(shorten(astride), `${'x'.repeat(99)}… (111 characters)`);
  const before = `${'x'.repeat(98)}😀${'x'.repeat(10)}`;
  t.equal(shorten(before), `${'x'.repeat(98)}😀… (110 characters)`);
  for (const text of [astride, before]) t.ok(quoted(text).isWellFormed());
});
