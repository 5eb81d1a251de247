import t from 'tap';
import { BodyReader } from '../../../src/data/http1/body-reader.ts';
import { CHUNKED, UNTIL_CLOSE } from '../../../src/data/message/head.ts';
import { splits } from '../../support/codec.ts';

/** What a reader makes of a body of that length, and how many of the bytes it takes. */
function readBody(reader: BodyReader, length: number, pieces: readonly Buffer[]) {
  let body = '';
  let used = 0;
  const sink = {
    body: (buffer: Buffer, from: number, to: number) => (body += buffer.toString('latin1', from, to)),
  };
  reader.begin(length);
  for (const piece of pieces) {
    if (reader.isComplete || reader.error !== undefined) break;
    const buffer = Buffer.concat([Buffer.from('##'), piece, Buffer.from('##')]);
    used += reader.read(buffer, 2, 2 + piece.length, sink) - 2;
  }
  return { body, used, isComplete: reader.isComplete, trailers: reader.trailers };
}

t.test(
  'a body is read to its end and no further, however it comes and whatever came before it',
  async (t) => {
    const reader = new BodyReader();
    const different = [];
    for (const [length, wire, body, trailers] of [
      [5, 'hello', 'hello', ''],
      [0, '', '', ''],
      [CHUNKED, '5\r\nhello\r\n0\r\nA: b\r\n\r\n', 'hello', 'A: b\r\n'],
      [1, '\r', '\r', ''],
    ] as const) {
      const expected = JSON.stringify({ body, used: wire.length, isComplete: true, trailers });
      for (const pieces of splits(`${wire}GET / HTTP/1.1\r\n\r\n`)) {
        const found = JSON.stringify(readBody(reader, length, pieces));
        if (found !== expected) different.push(`${found} instead of ${expected}`);
      }
    }
    t.same(different, []);
  },
);

t.test('a body that is not whole is waited for', async (t) => {
  const reader = new BodyReader();
  t.match(readBody(reader, 5, [Buffer.from('hell')]), { body: 'hell', used: 4, isComplete: false });
  t.match(readBody(reader, CHUNKED, [Buffer.from('5\r\nhell')]), {
    body: 'hell',
    used: 7,
    isComplete: false,
  });
});

t.test('a body without another end takes everything', async (t) => {
  const reader = new BodyReader();
  const pieces = [Buffer.from('one'), Buffer.from('two')];
  t.match(readBody(reader, UNTIL_CLOSE, pieces), { body: 'onetwo', used: 6, isComplete: false });
  t.equal(reader.isUntilClose, true);
  reader.begin(0);
  t.equal(reader.isUntilClose, false);
});

t.test('a chunk that is none is an error, until the next body', async (t) => {
  const reader = new BodyReader();
  readBody(reader, CHUNKED, [Buffer.from('zz\r\n')]);
  t.type(reader.error, 'string');
  t.equal(reader.isComplete, false);
  reader.begin(3);
  t.equal(reader.error, undefined);
});
