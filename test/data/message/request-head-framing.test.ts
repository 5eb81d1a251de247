import t, { type Test } from 'tap';
import { judgeRequest } from '../../support/heads.ts';

/** Whole heads, each with the status that refuses it. */
function refused(t: Test, status: number, texts: readonly string[]): void {
  for (const text of texts) t.equal(judgeRequest(text), status, JSON.stringify(text.slice(0, 120)));
}

const post = (...lines: string[]) =>
  `POST / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

t.test('two ways to find the end of a body are refused', async (t) => {
  refused(t, 400, [
    post('Content-Length: 5', 'Transfer-Encoding: chunked'),
    post('Transfer-Encoding: chunked', 'Content-Length: 0'),
    post('Content-Length: 5', 'Content-Length: 5'),
    post('Content-Length: 5', 'content-length: 6'),
    post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'),
    post('Transfer-Encoding: chunked', 'transfer-encoding: identity'),
  ]);
});

t.test('a Content-Length that is not plain digits is refused', async (t) => {
  const values = [
    '',
    '+5',
    '-5',
    '0x5',
    '5, 5',
    '5,5',
    '5 5',
    '1_0',
    '5.0',
    '5e1',
    '٥',
    'five',
    '9007199254740992',
  ];
  refused(
    t,
    400,
    values.map((value) => post(`Content-Length: ${Buffer.from(value).toString('latin1')}`)),
  );
  refused(t, 400, [post(`Content-Length: ${'9'.repeat(30)}`), post(`Content-Length: ${'0'.repeat(20)}5`)]);
});

t.test('a Transfer-Encoding that is not exactly chunked is refused', async (t) => {
  const obfuscated = [
    '',
    'chunked, chunked',
    ',chunked',
    'chunked,',
    'gzip, chunked',
    'chunked, gzip',
    'chunked;a=b',
    '"chunked"',
    'chunked chunked',
    'chun\tked',
    '\xa0chunked',
    'chunked\x85',
  ];
  refused(
    t,
    400,
    obfuscated.map((value) => post(`Transfer-Encoding: ${value}`)),
  );
  refused(
    t,
    501,
    ['xchunked', 'gzip', 'identity'].map((value) => post(`Transfer-Encoding: ${value}`)),
  );
  refused(t, 400, [post('Transfer-Encoding: \x0bchunked'), post('Transfer-Encoding: chunked\0')]);
  refused(t, 400, ['POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n']);
});
