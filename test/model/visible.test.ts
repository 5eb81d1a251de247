import t from 'tap';
import { visible } from '../../src/model/visible.ts';

t.test('what moves a cursor, ends a line or turns the direction of text is written out', async (t) => {
  t.equal(visible('a\nb\r\tc'), 'a\\u000ab\\u000d\\u0009c');
  t.equal(visible('\x1b[2J\x7f\x9b31m'), '\\u001b[2J\\u007f\\u009b31m');
  t.equal(visible('a\u2028b\u2029c'), 'a\\u2028b\\u2029c');
  for (const [first, last] of [
    [0x202a, 0x202e],
    [0x2066, 0x2069],
    [0x200e, 0x200f],
  ] as const) {
    for (let code = first; code <= last; code++)
      t.equal(visible(String.fromCharCode(code)), `\\u${code.toString(16)}`);
  }
});

t.test('letters of all languages stay, and what was written out stays as it is', async (t) => {
  for (const text of ['', 'shop', 'café 日本 🦊 ö', 'שלום', '"\\ \'']) t.equal(visible(text), text);
  t.equal(visible(visible('\x1b')), '\\u001b');
});

t.test('in JSON it stands for the same text', async (t) => {
  const text = 'a\x7f\x9b\u2028\u202e"\\';
  t.equal(JSON.parse(visible(JSON.stringify(text))), text);
});
