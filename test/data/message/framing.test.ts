import t from 'tap';
import { bodyLength, type FramingError } from '../../../src/data/message/framing.ts';
import { CHUNKED } from '../../../src/data/message/head.ts';

const isError = (length: ReturnType<typeof bodyLength>): length is FramingError => typeof length === 'object';

t.test('without framing headers nothing is said', async (t) => {
  t.equal(bodyLength(undefined, undefined, 1), undefined);
});

t.test('a length is digits and exact', async (t) => {
  t.equal(bodyLength('0', undefined, 1), 0);
  t.equal(bodyLength('42', undefined, 0), 42);
  t.equal(bodyLength('0000000000000042', undefined, 1), 42);
  t.equal(bodyLength(String(Number.MAX_SAFE_INTEGER), undefined, 1), Number.MAX_SAFE_INTEGER);
  for (const text of [
    '',
    ' 1',
    '1 ',
    '+1',
    '-1',
    '0x1',
    '1e1',
    '1.0',
    '1,1',
    '1_1',
    '\u0661',
    '9007199254740992',
  ]) {
    t.ok(isError(bodyLength(text, undefined, 1)), JSON.stringify(text));
  }
});

t.test('a long run of digits is refused without being read', async (t) => {
  t.ok(isError(bodyLength('0'.repeat(1_000_000), undefined, 1)));
});

t.test('the only coding is chunked', async (t) => {
  t.equal(bodyLength(undefined, 'chunked', 1), CHUNKED);
  t.equal(bodyLength(undefined, 'cHuNkEd', 1), CHUNKED);
  for (const [coding, unsupported] of [
    ['gzip', true],
    ['chunkedx', true],
    ['', undefined],
    ['chunked,chunked', undefined],
    ['gzip, chunked', undefined],
    ['chunked;q=1', undefined],
    ['chunked\x0b', undefined],
  ] as const) {
    const error = bodyLength(undefined, coding, 1);
    t.ok(isError(error), coding);
    if (isError(error)) t.equal(error.unsupported, unsupported, coding);
  }
});

t.test('both headers, and a coding in HTTP/1.0, are refused', async (t) => {
  t.ok(isError(bodyLength('5', 'chunked', 1)));
  t.ok(isError(bodyLength('', '', 1)));
  t.ok(isError(bodyLength(undefined, 'chunked', 0)));
});
