import t from 'tap';
import { columnsOf } from '../../src/cli/columns.ts';
import { painted, plain, span } from '../../src/cli/styled.ts';
import { shortenTo, widthOf } from '../../src/cli/width.ts';

t.test('a text takes as many columns as a terminal gives it', async (t) => {
  for (const [text, columns] of [
    ['shop', 4],
    ['', 0],
    ['商店', 4],
    ['カタカナ', 8],
    ['한글', 4],
    ['caf\u00e9', 4],
    ['cafe\u0301', 4],
    ['🚀', 2],
    ['👩‍👩‍👧', 2],
    ['❤️', 2],
    ['ＡＢ', 4],
    ['Ωж', 2],
    ['a\u200bb', 2],
  ] as const)
    t.equal(widthOf(text), columns, text);
});

t.test('a text that is too long ends with an ellipsis, and never within a character', async (t) => {
  t.equal(shortenTo('shop', 4), 'shop');
  t.equal(shortenTo('shop-of-tea', 6), 'shop-…');
  t.equal(shortenTo('商店商店', 6), '商店…');
  t.equal(shortenTo('👩‍👩‍👧👩‍👩‍👧', 3), '👩‍👩‍👧…');
  t.equal(shortenTo('shop', 1), '…');
  t.equal(shortenTo('shop', 0), '');
});

t.test('columns stand below each other whatever is in them', async (t) => {
  const rows = [
    ['NAME', 'STATE'],
    ['商店', 'available'],
    ['web-1', 'down'],
  ].map((row) => row.map((text) => span(text)));
  t.strictSame(columnsOf(rows).map(plain), ['NAME   STATE', '商店   available', 'web-1  down']);
});

t.test('on a terminal the widest columns give way until a row fits, and no others', async (t) => {
  const rows = [['a'.repeat(60), 'b'.repeat(30), 'short']].map((row) => row.map((text) => span(text)));
  const [row = ''] = columnsOf(rows, 50).map(plain);
  t.ok(widthOf(row) <= 50, row);
  t.match(row, /^a+… {2}b+… {2}short$/);
  t.equal(columnsOf(rows).map(plain)[0]?.length, 60 + 2 + 30 + 2 + 5, 'a pipe has no width');
  const narrow = columnsOf(rows, 5).map((line) => painted(line, { columns: 5, hasColor: false }));
  t.strictSame(narrow, ['aaaa…'], 'what cannot fit at all is cut');
});

t.test('a line has colours only where they are wanted, and is as long with them', async (t) => {
  const line = [span('web-1 '), span('failing\x1b[31m', 'ill'), span(' since 5s')];
  t.equal(painted(line, { hasColor: false }), 'web-1 failing\\u001b[31m since 5s');
  t.equal(painted(line, { hasColor: true }), 'web-1 \x1b[31mfailing\\u001b[31m\x1b[0m since 5s');
  t.equal(painted(line, { columns: 9, hasColor: true }), 'web-1 \x1b[31mfa…\x1b[0m');
});
