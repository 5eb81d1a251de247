import fc from 'fast-check';
import t from 'tap';
import { ChunkedDecoder, chunkLine, lastChunk } from '../../../src/data/http1/chunked.ts';
import { splits } from '../../support/codec.ts';

/** What a decoder makes of a body, after making sure that it is the same for every split and whatever follows. */
function decode(text: string) {
  const verdict = decodePieces([Buffer.from(text, 'latin1')]);
  for (const pieces of splits(text)) same(decodePieces(pieces), verdict, `first ${pieces[0]?.length}`);
  if (verdict.state === 'open') return verdict;
  for (const more of ['\r\n', '0\r\n\r\n', '5\r\nhello\r\n', 'GET / HTTP/1.1\r\n\r\n', '\0']) {
    for (const pieces of splits(text + more))
      same(decodePieces(pieces), verdict, `with ${JSON.stringify(more)}`);
  }
  return verdict;
}

function decodePieces(pieces: readonly Buffer[]) {
  const decoder = new ChunkedDecoder();
  let body = '';
  let used = 0;
  const sink = {
    body: (buffer: Buffer, from: number, to: number) => (body += buffer.toString('latin1', from, to)),
  };
  for (const piece of pieces) {
    // Not at the buffer's ends, so that offsets matter.
    const buffer = Buffer.concat([Buffer.from('##'), piece, Buffer.from('##')]);
    used += decoder.read(buffer, 2, 2 + piece.length, sink) - 2;
    if (decoder.done || decoder.error !== undefined) break;
  }
  const state = decoder.error !== undefined ? 'error' : decoder.done ? 'done' : 'open';
  return { state, body, used, trailers: decoder.trailers, error: decoder.error };
}

function same(found: unknown, expected: unknown, how: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${how}: ${a} instead of ${b}`);
}

t.test('chunks are joined, and the body ends where it says', async (t) => {
  for (const [text, body] of [
    ['0\r\n\r\n', ''],
    ['5\r\nhello\r\n0\r\n\r\n', 'hello'],
    ['5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n', 'hello world'],
    ['00000a\r\n0123456789\r\n0\r\n\r\n', '0123456789'],
    ['A\r\n\r\n0\r\n\r\n\r\n!\r\n0\r\n\r\n', '\r\n0\r\n\r\n\r\n!'],
    ['1;a=b;c="d, e";\xff\t x\r\nz\r\n0;last\r\n\r\n', 'z'],
  ] as const) {
    t.match(decode(text), { state: 'done', body, used: text.length, trailers: '' }, JSON.stringify(text));
  }
});

t.test('a body that has not ended is waited for', async (t) => {
  for (const text of [
    '',
    '5',
    '5\r',
    '5\r\n',
    '5\r\nhel',
    '5\r\nhello\r\n',
    '0\r\n',
    '0\r\n\r',
    '0\r\nA: b\r\n',
  ]) {
    t.equal(decode(text).state, 'open', JSON.stringify(text));
  }
});

t.test('a chunk size that is not plain hexadecimal is refused', async (t) => {
  const sizes = ['', 'g', '0x5', '-1', '+5', ' 5', '5 ', '5\t', '5_0', '1.0', '5,', '\xb2', '\0', '5\x0b'];
  for (const size of sizes)
    t.equal(decode(`${size}\r\nhello\r\n0\r\n\r\n`).state, 'error', JSON.stringify(size));
  t.equal(decode(`;a\r\n\r\n`).state, 'error', 'an extension without a size');
});

t.test('a chunk size that is not exact, or only long, is refused', async (t) => {
  t.equal(decode(`${'f'.repeat(13)}\r\nx`).state, 'open');
  t.equal(decode(`${'f'.repeat(14)}\r\nx`).state, 'error');
  t.equal(decode(`${'0'.repeat(14)}5\r\nhello\r\n0\r\n\r\n`).state, 'error');
});

t.test('framing lines that do not end in CRLF are refused', async (t) => {
  for (const text of [
    '5\nhello\r\n0\r\n\r\n',
    '5\rhello\r\n0\r\n\r\n',
    '5\r\r\nhello\r\n0\r\n\r\n',
    '5;a\nhello\r\n0\r\n\r\n',
    '5;a\rb\r\nhello\r\n0\r\n\r\n',
    '5\r\nhello\n0\r\n\r\n',
    '5\r\nhello\rx0\r\n\r\n',
    '5\r\nhello0\r\n\r\n',
    '5\r\nhello!\r\n0\r\n\r\n',
    '0\n\r\n',
    '0\r\n\n',
    '0\r\nA: b\n\r\n',
    '0\r\nA: b\r\r\n\r\n',
    '0\r\n\r\r\n',
  ]) {
    t.equal(decode(text).state, 'error', JSON.stringify(text));
  }
});

t.test('an invalid chunk passes nothing on that came after it', async (t) => {
  t.equal(decode('3\r\nabc\r\nzz\r\nevil\r\n0\r\n\r\n').body, 'abc');
});

t.test('extensions are bounded, for a line and for the whole body, and have no controls', async (t) => {
  t.equal(decode(`1;${'a'.repeat(256)}\r\nx\r\n0\r\n\r\n`).state, 'done');
  t.equal(decode(`1;${'a'.repeat(257)}\r\nx\r\n0\r\n\r\n`).state, 'error');
  const lines = (count: number) => Buffer.from(`${`1;${'a'.repeat(256)}\r\nx\r\n`.repeat(count)}0\r\n\r\n`);
  t.equal(decodePieces([lines(64)]).state, 'done');
  t.equal(decodePieces([lines(65)]).state, 'error');
  for (const control of ['\0', '\x1b', '\x7f', '\n'])
    t.equal(decode(`1;${control}\r\nx\r\n0\r\n\r\n`).state, 'error');
});

t.test('trailers are kept as they came', async (t) => {
  const trailers = 'X-Checksum: abc\r\nb_c:\xfc\r\nEmpty:\r\n';
  t.match(decode(`1\r\nx\r\n0\r\n${trailers}\r\n`), { state: 'done', body: 'x', trailers });
});

t.test('trailers that are malformed, too long, or only a header may be are refused', async (t) => {
  const bad = ['X : a', ' X: a', 'X', ': a', 'X: a\r\n b', 'X: \0', 'X: \x7f'];
  const late = [
    'Content-Length: 5',
    'transfer-encoding: chunked',
    'Host: x',
    'Authorization: x',
    'Proxy-Authorization: x',
    'Cookie: x',
    'Set-Cookie: x',
    'Connection: x',
    'TE: x',
    'Upgrade: x',
    'Content-Type: x',
    'X-Forwarded-For: x',
    'X-Real-IP: x',
    'a: b\r\nHOST: x',
  ];
  for (const line of [...bad, ...late]) {
    t.equal(decode(`0\r\n${line}\r\n\r\n`).state, 'error', JSON.stringify(line));
  }
  t.equal(decodePieces([Buffer.from(`0\r\n${'X: y\r\n'.repeat(1_300)}\r\n`)]).state, 'done');
  t.equal(decodePieces([Buffer.from(`0\r\n${'X: y\r\n'.repeat(1_400)}\r\n`)]).state, 'error');
});

t.test('whatever is written is read back, however it is cut', async (t) => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
  const cuts = fc.array(fc.nat(4_000), { maxLength: 10 });
  fc.assert(
    fc.property(chunks, cuts, (parts, cutsAt) => {
      const texts = parts.map((part) => Buffer.from(part).toString('latin1'));
      const wire =
        texts.map((text) => `${chunkLine(text.length)}${text}\r\n`).join('') + lastChunk('A: b\r\n');
      const points = [0, ...cutsAt.filter((at) => at < wire.length).sort((a, b) => a - b), wire.length];
      const pieces = points.slice(1).map((at, i) => Buffer.from(wire.slice(points[i], at), 'latin1'));
      const read = decodePieces(pieces);
      return read.state === 'done' && read.body === texts.join('') && read.trailers === 'A: b\r\n';
    }),
  );
  t.pass();
});

t.test('trailers that come byte by byte are no more work than their size', async (t) => {
  const workOf = (size: number) => {
    const body = Buffer.from(`0\r\nX: ${'y'.repeat(size)}\r\n\r\n`, 'latin1');
    const begin = process.threadCpuUsage();
    for (let bytes = 0; bytes < 1_000_000; bytes += size) {
      const decoder = new ChunkedDecoder();
      for (let at = 0; at < body.length; at++) decoder.read(body, at, at + 1, { body: () => {} });
      if (!decoder.done) throw new Error(decoder.error ?? 'not done');
    }
    const { user, system } = process.threadCpuUsage(begin);
    return user + system;
  };
  workOf(8_000);
  // As many bytes in longer sections are the same work, unless each byte looks at all before it.
  const ratio = workOf(8_000) / workOf(500);
  t.ok(ratio < 2, `${ratio.toFixed(1)} times`);
});

t.test('a trailer that only a header may be is none with an underscore either', async (t) => {
  for (const name of [
    'X_Forwarded_For',
    'X-Real_IP',
    'Content_Length',
    'Transfer_Encoding',
    'Set_Cookie',
    'Proxy_X',
  ]) {
    const decoder = new ChunkedDecoder();
    const bytes = Buffer.from(`0\r\n${name}: a\r\n\r\n`, 'latin1');
    decoder.read(bytes, 0, bytes.length, { body: () => {} });
    t.type(decoder.error, 'string', name);
  }
});
