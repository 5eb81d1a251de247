import { cut, head, type ResponseCase, relayed, shown, topic } from '../../case.ts';

const HEAD = head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked');
const good = (name: string, chunks: string, body: string) => relayed(name, HEAD + chunks, { body });
/** `body` is the most that may reach the client. */
const bad = (name: string, chunks: string, body = '') => cut(name, HEAD + chunks, { body });
const NO_SIZES = [
  '',
  'g',
  '0x5',
  '-5',
  '+5',
  '5_0',
  '5,',
  ' 5',
  '5 5',
  '5 \r',
  '5\xa0',
  `5${' '.repeat(300)}`,
  '"5"',
  '\xb2',
  '5\0',
  '00000000000005',
  '10000000000000005',
];
const TE = head('GET /case HTTP/1.1', 'Host: a', 'TE: trailers', 'Connection: TE');
const trailing = (...lines: string[]) =>
  `${HEAD}5\r\nhello\r\n0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

export const RESPONSE_CHUNK_CASES = topic<ResponseCase>('response chunks', 'RFC 9112 7.1', [
  good('no chunk', '0\r\n\r\n', ''),
  good('chunks are joined', '5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n', 'hello world'),
  good(
    'blanks behind a size, as some servers fill it up',
    '5  \r\nhello\r\n3\t \r\n!!!\r\n0   \r\n\r\n',
    'hello!!!',
  ),
  good('blanks before an extension', '5 ;a=b\r\nhello\r\n0\r\n\r\n', 'hello'),
  good('extensions are left out', '5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n', 'hello'),
  good('data that looks like framing', '7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n', '\r\n0\r\n\r\n'),
  ...NO_SIZES.map((size) => bad(`a chunk size of ${shown(size)}`, `${size}\r\nhello\r\n0\r\n\r\n`)),
  bad('data longer than its size', '4\r\nhello\r\n0\r\n\r\n', 'hell'),
  bad('data shorter than its size', '6\r\nhello\r\n0\r\n\r\n', 'hello\r'),
  bad('no CRLF behind data', '5\r\nhello0\r\n\r\n', 'hello'),
  bad('CR and not LF behind a size', '5\rXhello\r\n0\r\n\r\n'),
  bad('CR and not LF behind data', '5\r\nhello\rX0\r\n\r\n', 'hello'),
  bad('a bare LF behind a size', '5\nhello\r\n0\r\n\r\n'),
  bad('a bare CR behind a size', '5\rhello\r\n0\r\n\r\n'),
  bad('a bare LF behind data', '5\r\nhello\n0\r\n\r\n', 'hello'),
  bad('a bare LF at the end', '5\r\nhello\r\n0\r\n\n', 'hello'),
  bad('a bare LF in an extension', '5;a\nhello\r\n0\r\n\r\n'),
  bad('a control in an extension', '5;\0\r\nhello\r\n0\r\n\r\n'),
  bad('an extension of 257 bytes', `5;${'a'.repeat(257)}\r\nhello\r\n0\r\n\r\n`),
  bad(
    'what came before a bad chunk is the most that passes',
    '5\r\nhello\r\nzz\r\nevil\r\n0\r\n\r\n',
    'hello',
  ),
  relayed('trailers are left out', trailing('X-Sum: 1'), {
    as: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    body: 'hello',
  }),
  relayed('trailers go on where TE asks for them', trailing('X-Sum: 1', 'b: \xfc'), {
    request: TE,
    body: 'hello',
    trailers: ['X-Sum: 1', 'b: \xfc'],
  }),
  ...[
    'Content-Length: 5',
    'Transfer-Encoding: chunked',
    'Set-Cookie: a=b',
    'Content-Type: text/html',
    'X : a',
    'X',
    'X: \0',
    ' X: a',
  ].map((line) => cut(`a trailer of ${shown(line)}`, trailing(line), { body: 'hello', request: TE })),
]);
