import { broken, CHUNKED_HEAD, chunked, passes, type RequestCase, shown, topic, waits } from '../../case.ts';

const NO_SIZES = [
  '',
  'g',
  '0x5',
  '-5',
  '+5',
  '5_0',
  '5.0',
  '5,',
  '5 ',
  ' 5',
  '5\t',
  '\t5',
  '"5"',
  '\xb2',
  '5\0',
  '5\x0b',
  '5h',
];
const good = (name: string, body: string, plain: string) =>
  passes(name, chunked(body), { as: CHUNKED_HEAD, body: plain });

export const CHUNK_CASES = topic<RequestCase>('chunks', 'RFC 9112 7.1', [
  good('a body of no chunk', '0\r\n\r\n', ''),
  good('chunks are joined', '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world'),
  good('sizes in both cases', 'a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n', '01234567890123456789'),
  good('sizes with zeros before them', '0005\r\nhello\r\n000\r\n\r\n', 'hello'),
  good('a size of 13 digits', '0000000000005\r\nhello\r\n0\r\n\r\n', 'hello'),
  good(
    'data that looks like framing',
    'd\r\n\r\n0\r\n\r\n\r\n0\r\n!\r\n0\r\n\r\n',
    '\r\n0\r\n\r\n\r\n0\r\n!',
  ),
  good(
    'data that looks like a request',
    '12\r\nGET / HTTP/1.1\r\n\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
  ),
  waits('a chunk that is not whole', chunked('5\r\nhel'), true),
  waits('a body without its last chunk', chunked('5\r\nhello\r\n'), true),
  waits('a last chunk without the empty line', chunked('5\r\nhello\r\n0\r\n'), true),
  waits('no chunk yet', chunked(''), true),
  waits('a huge chunk', chunked('fffffffffffff\r\nx'), true),
  ...NO_SIZES.map((size) =>
    broken(`a chunk size of ${shown(size)}`, chunked(`${size}\r\nhello\r\n0\r\n\r\n`)),
  ),
  broken('a size of 14 digits', chunked('00000000000005\r\nhello\r\n0\r\n\r\n')),
  broken('a size beyond 64 bits', chunked('10000000000000005\r\nhello\r\n0\r\n\r\n')),
  broken('a size beyond 32 bits that is small when cut', chunked('100000000000005\r\nhello\r\n0\r\n\r\n')),
  broken('data longer than its size', chunked('4\r\nhello\r\n0\r\n\r\n')),
  broken('data shorter than its size', chunked('6\r\nhello\r\n0\r\n\r\n')),
  broken('no CRLF after data', chunked('5\r\nhello0\r\n\r\n')),
  broken('a bare LF after a size', chunked('5\nhello\r\n0\r\n\r\n')),
  broken('a bare CR after a size', chunked('5\rhello\r\n0\r\n\r\n')),
  broken('CR and not LF after a size', chunked('5\rXhello\r\n0\r\n\r\n')),
  broken('CR and not LF after data', chunked('5\r\nhello\rX0\r\n\r\n')),
  broken('CR and not LF at the end', chunked('5\r\nhello\r\n0\rX\r\n')),
  broken('two CR after a size', chunked('5\r\r\nhello\r\n0\r\n\r\n')),
  broken('a bare LF after data', chunked('5\r\nhello\n0\r\n\r\n')),
  broken('a bare CR after data', chunked('5\r\nhello\r0\r\n\r\n')),
  broken('LF CR after data', chunked('5\r\nhello\n\r0\r\n\r\n')),
  broken('an empty line between chunks', chunked('5\r\nhello\r\n\r\n0\r\n\r\n')),
  broken('a bare LF after the last size', chunked('5\r\nhello\r\n0\n\r\n')),
  broken('a bare LF at the end', chunked('5\r\nhello\r\n0\r\n\n')),
  broken('a bare CR at the end', chunked('5\r\nhello\r\n0\r\n\rX')),
  broken('a NUL instead of CRLF after data', chunked('5\r\nhello\0\n0\r\n\r\n')),
  broken('a second good body behind a bad chunk', chunked('5\r\nhello\r\nz\r\n5\r\nhello\r\n0\r\n\r\n')),
]);

export const EXTENSION_CASES = topic<RequestCase>('chunk extensions', 'RFC 9112 7.1.1; CVE-2023-39326', [
  good('a name', '5;a\r\nhello\r\n0\r\n\r\n', 'hello'),
  good('a name and a value', '5;a=b\r\nhello\r\n0;last=1\r\n\r\n', 'hello'),
  good('a quoted value', '5;a="b;c, d"\r\nhello\r\n0\r\n\r\n', 'hello'),
  good('several', '5;a=b;c;d="e"\r\nhello\r\n0\r\n\r\n', 'hello'),
  good('none behind a semicolon', '5;\r\nhello\r\n0\r\n\r\n', 'hello'),
  good('256 bytes of them', `5;${'a'.repeat(256)}\r\nhello\r\n0\r\n\r\n`, 'hello'),
  good('16 KiB of them in a body', `${`1;${'a'.repeat(256)}\r\nx\r\n`.repeat(64)}0\r\n\r\n`, 'x'.repeat(64)),
  broken('257 bytes of them', chunked(`5;${'a'.repeat(257)}\r\nhello\r\n0\r\n\r\n`)),
  broken(
    'more than 16 KiB of them in a body',
    chunked(`${`1;${'a'.repeat(256)}\r\nx\r\n`.repeat(65)}0\r\n\r\n`),
  ),
  broken('one on the last chunk that is too long', chunked(`5\r\nhello\r\n0;${'a'.repeat(300)}\r\n\r\n`)),
  broken('one without a size', chunked(';a=b\r\nhello\r\n0\r\n\r\n')),
  broken('one behind a blank', chunked('5 ;a=b\r\nhello\r\n0\r\n\r\n')),
  broken('one behind a bare LF', chunked('5;\na\r\nhello\r\n0\r\n\r\n')),
  broken('a bare LF that ends one', chunked('5;a=b\nhello\r\n0\r\n\r\n')),
  broken('a bare CR within one', chunked('5;a\rb\r\nhello\r\n0\r\n\r\n')),
  broken('a quoted CRLF', chunked('5;a="\r\nhello\r\n"\r\n0\r\n\r\n')),
  ...['\0', '\x01', '\x08', '\x0b', '\x1b', '\x7f'].map((control) =>
    broken(`the control ${shown(control)} in one`, chunked(`5;a=${control}\r\nhello\r\n0\r\n\r\n`)),
  ),
]);

const trailing = (...lines: string[]) =>
  `5\r\nhello\r\n0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

/** Fields that would change how the message is framed, routed or trusted if they came late. */
const NEVER_LATE = [
  'Content-Length: 5',
  'Transfer-Encoding: chunked',
  'transfer-ENCODING: identity',
  'Host: b',
  'Authorization: x',
  'Proxy-Authorization: x',
  'Cookie: a=b',
  'Set-Cookie: a=b',
  'Connection: close',
  'TE: trailers',
  'Trailer: x',
  'Upgrade: websocket',
  'Expect: 100-continue',
  'Content-Type: text/html',
  'Content-Encoding: gzip',
  'Content-Range: bytes 0-1/2',
  'X-Forwarded-For: 1.2.3.4',
  'X-Real-IP: 1.2.3.4',
  'Forwarded: for=1.2.3.4',
];

export const TRAILER_CASES = topic<RequestCase>('trailers', 'RFC 9110 6.5; RFC 9112 7.1.2', [
  good('left out unless TE asks for them', trailing('X-Sum: 1'), 'hello'),
  waits('not ended', chunked('5\r\nhello\r\n0\r\nX-Sum: 1\r\n'), true),
  ...NEVER_LATE.map((line) => broken(`a late ${shown(line)}`, chunked(trailing(line)))),
  broken('a blank before the colon', chunked(trailing('X-Sum : 1'))),
  broken('no colon', chunked(trailing('X-Sum'))),
  broken('no name', chunked(trailing(': x'))),
  broken('a folded one', chunked(trailing('X-Sum: 1\r\n 2'))),
  broken('one that begins with a blank', chunked(trailing(' X-Sum: 1'))),
  broken('a NUL', chunked(trailing('X-Sum: \0'))),
  broken('a bare LF between two', chunked(trailing('A: b\nC: d'))),
  broken('a bare CR in one', chunked(trailing('A: b\rC: d'))),
  broken('a request instead of them', chunked('5\r\nhello\r\n0\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n')),
  broken('more than 8 KiB of them', chunked(trailing(...new Array(1_400).fill('X: yz')))),
]);
