import { CHUNKED_HEAD, head, passes, post, type RequestCase, refused, shown, topic } from '../../case.ts';

const BODY = '5\r\nhello\r\n0\r\n\r\n';
/** Values that one side of a proxy may take for `chunked` and the other not. */
const OBFUSCATED = [
  '',
  ',chunked',
  'chunked,',
  'chunked, chunked',
  'chunked,chunked',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, identity',
  'identity, chunked',
  'chunked;a=b',
  'chunked;',
  '"chunked"',
  'chunked chunked',
  'chun ked',
  'chunked\t;',
  '\xa0chunked',
  'chunked\x85',
  'chunked\xa0',
  'chunked\xff',
  '[chunked]',
  'chunked/1',
  'chunked=1',
];
const CONTROLS = ['\x0bchunked', 'chunked\x0c', 'chunked\0', '\0chunked', 'chu\x08nked', 'chunked\x7f'];
const UNKNOWN = ['gzip', 'identity', 'xchunked', 'chunkedx', 'chunke', 'deflate', "'chunked'", 'x', 'cow'];

export const CODING_CASES = topic<RequestCase>('Transfer-Encoding', 'RFC 9112 6.1, 6.3', [
  passes('chunked', post('Transfer-Encoding: chunked') + BODY, { body: 'hello' }),
  passes('chunked in another case', post('transfer-encoding: CHUNKED') + BODY, {
    as: CHUNKED_HEAD,
    body: 'hello',
  }),
  passes('blanks around chunked', post('Transfer-Encoding: \t chunked \t') + BODY, {
    as: CHUNKED_HEAD,
    body: 'hello',
  }),
  passes('chunked before other headers', post('Transfer-Encoding: chunked', 'B: c') + BODY, {
    as: ['POST /x HTTP/1.1', 'Host: a', 'B: c', 'Transfer-Encoding: chunked'],
    body: 'hello',
  }),
  refused('a length and a coding', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`),
  refused('a coding and a length', `${post('Transfer-Encoding: chunked', 'Content-Length: 5')}0\r\n\r\n`),
  refused(
    'a coding and a length of 0',
    `${post('Transfer-Encoding: chunked', 'Content-Length: 0')}0\r\n\r\n`,
  ),
  refused(
    'a coding and a length that is none',
    `${post('Transfer-Encoding: chunked', 'Content-Length: x')}0\r\n\r\n`,
  ),
  refused('a length and an unknown coding', `${post('Content-Length: 5', 'Transfer-Encoding: x')}hello`),
  refused('a length and an empty coding', `${post('Content-Length: 5', 'Transfer-Encoding:')}hello`),
  refused(
    'a coding and a length, the names in odd cases',
    `${post('TRANSFER-ENCODING: chunked', 'cONTENT-lENGTH: 5')}0\r\n\r\n`,
  ),
  refused('chunked twice', post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + BODY),
  refused(
    'chunked and identity in two lines',
    post('Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + BODY,
  ),
  refused(
    'identity and chunked in two lines',
    post('Transfer-Encoding: identity', 'Transfer-Encoding: chunked') + BODY,
  ),
  refused('an empty coding before chunked', post('Transfer-Encoding:', 'Transfer-Encoding: chunked') + BODY),
  refused('a coding in HTTP/1.0', head('POST /x HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked') + BODY),
  refused(
    'a coding in HTTP/1.0 whose connection stays',
    head('POST /x HTTP/1.0', 'Host: a', 'Connection: keep-alive', 'Transfer-Encoding: chunked') + BODY,
  ),
  refused('a blank before the colon of the coding', post('Transfer-Encoding : chunked') + BODY),
  refused('a tab before the colon of the coding', post('Transfer-Encoding\t: chunked') + BODY),
  refused('a folded coding', post('Transfer-Encoding:\r\n chunked') + BODY),
  refused('a coding with a bare LF before it', post('X: y\nTransfer-Encoding: chunked') + BODY),
  refused('a coding with a bare CR before it', post('X: y\rTransfer-Encoding: chunked') + BODY),
  ...OBFUSCATED.map((value) =>
    refused(`a coding of ${shown(value)}`, post(`Transfer-Encoding: ${value}`) + BODY),
  ),
  ...CONTROLS.map((value) =>
    refused(`a coding of ${shown(value)}`, post(`Transfer-Encoding: ${value}`) + BODY),
  ),
  ...UNKNOWN.map((value) =>
    refused(`an unknown coding, ${value}`, post(`Transfer-Encoding: ${value}`) + BODY, 501),
  ),
]);
