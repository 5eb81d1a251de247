import { cut, head, type ResponseCase, relayed, shown, topic, unusable } from '../../case.ts';

const ok = (...lines: string[]) => head('HTTP/1.1 200 OK', ...lines);
const BODY = '5\r\nhello\r\n0\r\n\r\n';
const NO_LENGTHS = [
  '',
  '+5',
  '-5',
  '0x5',
  '5, 5',
  '5,5',
  '5 5',
  '1_0',
  '5.0',
  'five',
  '\xb2',
  '9007199254740992',
];
const NO_CODINGS = [
  '',
  'gzip',
  'identity',
  'gzip, chunked',
  'chunked, chunked',
  'chunked,',
  ',chunked',
  'xchunked',
  'chunked;a=b',
];

export const RESPONSE_FRAMING_CASES = topic<ResponseCase>('response framing', 'RFC 9112 6.3', [
  relayed('a length', `${ok('Content-Length: 5')}hello`, { body: 'hello' }),
  relayed('a length of 0', ok('Content-Length: 0')),
  relayed('chunked', ok('Transfer-Encoding: chunked') + BODY, { body: 'hello' }),
  relayed('neither, until the end of the connection', `${ok('A: b')}hello`, {
    as: ['HTTP/1.1 200 OK', 'A: b', 'Transfer-Encoding: chunked'],
    body: 'hello',
    after: 'fin',
    isReused: false,
  }),
  unusable('two equal lengths', `${ok('Content-Length: 5', 'Content-Length: 5')}hello`),
  unusable('two different lengths', `${ok('Content-Length: 5', 'Content-Length: 6')}hello!`),
  unusable('a length and a coding', ok('Content-Length: 5', 'Transfer-Encoding: chunked') + BODY),
  unusable('a coding and a length', ok('Transfer-Encoding: chunked', 'Content-Length: 5') + BODY),
  unusable('chunked twice', ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + BODY),
  unusable('a coding in HTTP/1.0', head('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked') + BODY),
  ...NO_LENGTHS.map((value) =>
    unusable(`a length of ${shown(value)}`, `${ok(`Content-Length: ${value}`)}hello`),
  ),
  ...NO_CODINGS.map((value) =>
    unusable(`a coding of ${shown(value)}`, ok(`Transfer-Encoding: ${value}`) + BODY),
  ),
  cut('a length that is not reached', `${ok('Content-Length: 6')}hello`, { body: 'hello', after: 'fin' }),
]);
