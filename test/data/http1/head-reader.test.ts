import t from 'tap';
import { HeadReader } from '../../../src/data/http1/head-reader.ts';
import { mayBeginRequest } from '../../../src/data/message/request-line.ts';
import { splits } from '../../support/codec.ts';

const read = (reader: HeadReader, text: string, maxSize = 16_384) => {
  const bytes = Buffer.from(text, 'latin1');
  return reader.read(bytes, 0, bytes.length, maxSize);
};
const headOf = (reader: HeadReader) => reader.text.slice(0, reader.blank + 4);
const restOf = (reader: HeadReader, end: number) =>
  reader.bytes.toString('latin1', reader.from + end, reader.to);

t.test('a head is found however it comes, and what follows it stays', async (t) => {
  const head = 'GET / HTTP/1.1\r\nX: \xe9\r\n\r\n';
  const different = [];
  for (const pieces of splits(`${head}body`)) {
    const reader = new HeadReader();
    let found = 'partial';
    let rest = '';
    for (const piece of pieces) {
      if (found === 'whole') rest += piece.toString('latin1');
      else found = reader.read(piece, 0, piece.length, 1_000);
    }
    if (headOf(reader) !== head || restOf(reader, head.length) + rest !== 'body')
      different.push(pieces.length);
  }
  t.same(different, []);
});

t.test('a part of a buffer is read and no more', async (t) => {
  const reader = new HeadReader();
  t.equal(reader.read(Buffer.from('\0\0a\r\n\r\nb\0\0'), 2, 8, 100), 'whole');
  t.equal(headOf(reader), 'a\r\n\r\n');
  t.equal(restOf(reader, 5), 'b');
});

t.test('bytes of a head that is not whole are copied, since their buffer is only borrowed', async (t) => {
  const reader = new HeadReader();
  const lent = Buffer.from('GET / HT');
  t.equal(reader.read(lent, 0, lent.length, 100), 'partial');
  t.equal(reader.isPartial, true);
  lent.fill(0);
  t.equal(read(reader, 'TP/1.1\r\n\r\n'), 'whole');
  t.equal(reader.isPartial, false);
  t.equal(headOf(reader), 'GET / HTTP/1.1\r\n\r\n');
});

t.test('a head longer than the first guess is found as well', async (t) => {
  for (const size of [1_020, 1_021, 1_022, 1_023, 1_024, 1_025, 5_000, 16_380]) {
    const reader = new HeadReader();
    t.equal(read(reader, `${'x'.repeat(size)}\r\n\r\nrest`), 'whole', `${size} bytes`);
    t.equal(reader.blank, size);
    t.equal(restOf(reader, size + 4), 'rest');
  }
});

t.test('a head may be as large as the limit and no larger, however it comes', async (t) => {
  for (const maxSize of [100, 1_024, 2_000]) {
    const fits = `${'x'.repeat(maxSize - 4)}\r\n\r\n`;
    const verdicts = new Set<string>();
    for (const text of [
      fits,
      `x${fits}`,
      'x'.repeat(maxSize),
      'x'.repeat(3 * maxSize),
      `${fits}${'y'.repeat(maxSize)}`,
    ]) {
      for (const step of [1, 7, 5_000]) {
        const reader = new HeadReader();
        let found = 'partial';
        for (let at = 0; at < text.length && found === 'partial'; at += step) {
          found = read(reader, text.slice(at, at + step), maxSize);
        }
        verdicts.add(`${text.length - maxSize} ${text.startsWith(fits)} ${found}`);
      }
    }
    t.same(
      [...verdicts],
      [
        '0 true whole',
        '1 false too-large',
        '0 false too-large',
        `${2 * maxSize} false too-large`,
        `${maxSize} true whole`,
      ],
    );
  }
});

t.test('bytes that no head may have are noticed before it is whole', async (t) => {
  for (const text of [
    '\n',
    'a\n',
    'a\r\nb\nc',
    'a\rb',
    'a\r\r',
    'a\0',
    'a\x1b',
    'a\x7f',
    '\x16\x03\x01',
    'a\x08',
    'a\x0b',
    'a\x0c',
  ]) {
    t.equal(read(new HeadReader(), text), 'malformed', JSON.stringify(text));
  }
  for (const text of ['a\t', 'a\r', '\r\n', 'a\xff', 'a\r\n\tb']) {
    t.equal(read(new HeadReader(), text), 'partial', JSON.stringify(text));
  }
});

t.test('heads that came together are found one after the other', async (t) => {
  const reader = new HeadReader();
  const heads = ['one\r\n\r\n', 'two\r\nlines\r\n\r\n', 'three\r\n\r\n'];
  let found = read(reader, `${heads.join('')}par`);
  for (const head of heads) {
    t.equal(found, 'whole');
    t.equal(headOf(reader), head);
    reader.consume(head.length);
    found = reader.find(1_000);
  }
  t.equal(found, 'partial');
  t.equal(read(reader, 't\r\n\r\n'), 'whole');
  t.equal(headOf(reader), 'part\r\n\r\n');
});

t.test('bytes that must wait are kept in order', async (t) => {
  const reader = new HeadReader();
  t.equal(read(reader, 'one\r\n\r\ntw'), 'whole');
  reader.consume(7);
  reader.hold(Buffer.from('o\r\n'));
  reader.hold(Buffer.from('\r\n'));
  t.equal(reader.find(100), 'whole');
  t.equal(headOf(reader), 'two\r\n\r\n');
  reader.consume(7);
  t.equal(reader.hasBytes, false);
});

t.test('after a reset nothing is left', async (t) => {
  const reader = new HeadReader();
  read(reader, 'part');
  reader.reset();
  t.match(reader, { isPartial: false, hasBytes: false });
  t.equal(read(reader, 'a\r\n\r\n'), 'whole');
  t.equal(headOf(reader), 'a\r\n\r\n');
});

t.test('bytes that were all used are let go, and others are not', (t) => {
  const reader = new HeadReader();
  read(reader, 'GET / HTTP/1.1\r\n\r\nrest');
  reader.consume(18);
  reader.release();
  t.equal(restOf(reader, 0), 'rest');
  reader.consume(4);
  reader.release();
  t.equal(reader.bytes.length, 0);
  t.end();
});

t.test('a head that comes byte by byte is no more work than its size', async (t) => {
  const head = `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n${'X: y\r\n'.repeat(6_000)}\r\n`;
  const original = Buffer.prototype.toString;
  let looked = 0;
  t.teardown(() => {
    Buffer.prototype.toString = original;
  });
  Buffer.prototype.toString = function (this: Buffer, ...args: Parameters<typeof original>) {
    const text = original.apply(this, args);
    looked += text.length;
    return text;
  };
  const reader = new HeadReader(mayBeginRequest);
  let found = 'partial';
  for (const byte of Buffer.from(head, 'latin1')) found = reader.read(Buffer.of(byte), 0, 1, 65_536);
  t.equal(found, 'whole');
  t.equal(reader.text, head);
  t.ok(looked < 10 * head.length, `${looked} characters for ${head.length}`);
});
