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
  '5,',
  '5 5',
  '1_0',
  '5.0',
  'five',
  '\xb2',
  '9007199254740992',
  '99999999999999999999',
  '00000000000000005',
];
const NO_CODINGS = [
  '',
  'gzip',
  'identity',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'chunked,',
  ',chunked',
  'xchunked',
  'chunked;a=b',
  '"chunked"',
  'chunked\xa0',
];
const UNTIL_CLOSE = { after: 'fin', isReused: false } as const;

export const RESPONSE_FRAMING_CASES = topic<ResponseCase>('response framing', 'RFC 9112 6.3', [
  relayed('a length', `${ok('Content-Length: 5')}hello`, { body: 'hello' }),
  relayed('a length of 0', ok('Content-Length: 0')),
  relayed('chunked', ok('Transfer-Encoding: chunked') + BODY, { body: 'hello' }),
  relayed('chunked in another case', ok('transfer-encoding:CHUNKED') + BODY, {
    as: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    body: 'hello',
  }),
  relayed('leading zeros are not passed on', `${ok('Content-Length: 005', 'A: b')}hello`, {
    as: ['HTTP/1.1 200 OK', 'A: b', 'Content-Length: 5'],
    body: 'hello',
  }),
  relayed('neither, until the end of the connection', `${ok('A: b')}hello`, {
    as: ['HTTP/1.1 200 OK', 'A: b', 'Transfer-Encoding: chunked'],
    body: 'hello',
    ...UNTIL_CLOSE,
  }),
  relayed('neither, and no body', ok('A: b'), {
    as: ['HTTP/1.1 200 OK', 'A: b', 'Transfer-Encoding: chunked'],
    ...UNTIL_CLOSE,
  }),
  relayed('a body until the end that looks like a response', `${ok()}HTTP/1.1 200 OK\r\n\r\n`, {
    as: ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked'],
    body: 'HTTP/1.1 200 OK\r\n\r\n',
    ...UNTIL_CLOSE,
  }),
  relayed('two equal lengths are one', `${ok('Content-Length: 5', 'A: b', 'Content-Length: 5')}hello`, {
    as: ['HTTP/1.1 200 OK', 'Content-Length: 5', 'A: b'],
    body: 'hello',
  }),
  relayed('three too', `${ok('Content-Length: 05', 'Content-Length: 05', 'content-length:05')}hello`, {
    as: ['HTTP/1.1 200 OK', 'Content-Length: 5'],
    body: 'hello',
  }),
  unusable(
    'two lengths that are written differently',
    `${ok('Content-Length: 5', 'Content-Length: 05')}hello`,
  ),
  unusable('two different lengths', `${ok('Content-Length: 5', 'Content-Length: 6')}hello!`),
  unusable('a length and a coding', ok('Content-Length: 5', 'Transfer-Encoding: chunked') + BODY),
  unusable('a coding and a length', ok('Transfer-Encoding: chunked', 'Content-Length: 5') + BODY),
  unusable('chunked twice', ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + BODY),
  unusable('an empty coding and chunked', ok('Transfer-Encoding:', 'Transfer-Encoding: chunked') + BODY),
  unusable('a coding in HTTP/1.0', head('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked') + BODY),
  ...NO_LENGTHS.map((value) =>
    unusable(`a length of ${shown(value)}`, `${ok(`Content-Length: ${value}`)}hello`),
  ),
  ...NO_CODINGS.map((value) =>
    unusable(`a coding of ${shown(value)}`, ok(`Transfer-Encoding: ${value}`) + BODY),
  ),
]);

const HEAD = head('HEAD /case HTTP/1.1', 'Host: a');
const of = (status: number, ...lines: string[]) => head(`HTTP/1.1 ${status} X`, ...lines);

export const NO_BODY_CASES = topic<ResponseCase>('responses without a body', 'RFC 9112 6.3; RFC 9110 8.6', [
  relayed('HEAD with a length', ok('Content-Length: 5'), { request: HEAD }),
  relayed('HEAD with a coding', ok('Transfer-Encoding: chunked'), { request: HEAD, as: ['HTTP/1.1 200 OK'] }),
  relayed('HEAD with neither', ok('A: b'), { request: HEAD }),
  relayed('304 with a length', of(304, 'Content-Length: 5', 'ETag: "x"')),
  relayed('304 with neither', of(304, 'ETag: "x"')),
  relayed('204', of(204, 'A: b')),
  relayed('204 with a length of 0, which it must not have', of(204, 'Content-Length: 0', 'A: b'), {
    as: ['HTTP/1.1 204 X', 'A: b'],
  }),
  relayed('204 with a length, whose body may follow', of(204, 'Content-Length: 5'), {
    as: ['HTTP/1.1 204 X'],
    isReused: false,
  }),
  relayed('204 with a coding, whose body may follow', of(204, 'Transfer-Encoding: chunked'), {
    as: ['HTTP/1.1 204 X'],
    isReused: false,
  }),
  relayed('204 with a body', `${of(204, 'Content-Length: 5')}hello`, {
    as: ['HTTP/1.1 204 X'],
    isReused: false,
  }),
  relayed('204 with chunks', of(204, 'Transfer-Encoding: chunked') + BODY, {
    as: ['HTTP/1.1 204 X'],
    isReused: false,
  }),
  relayed('HEAD with a body', `${ok('Content-Length: 5')}hello`, { request: HEAD, isReused: false }),
  relayed('HEAD with chunks', ok('Transfer-Encoding: chunked') + BODY, {
    request: HEAD,
    as: ['HTTP/1.1 200 OK'],
    isReused: false,
  }),
  relayed('304 with a body', `${of(304, 'Content-Length: 5')}hello`, { isReused: false }),
  relayed('205 with a length of 0', of(205, 'Content-Length: 0')),
  relayed('HEAD with two equal lengths', ok('Content-Length: 5', 'Content-Length: 5'), {
    request: HEAD,
    as: ['HTTP/1.1 200 OK', 'Content-Length: 5'],
  }),
  unusable('HEAD with two lengths', ok('Content-Length: 5', 'Content-Length: 6'), { request: HEAD }),
  unusable('HEAD with a length and a coding', ok('Content-Length: 5', 'Transfer-Encoding: chunked'), {
    request: HEAD,
  }),
  unusable('204 with a length that is none', of(204, 'Content-Length: x')),
  unusable('304 with two lengths', of(304, 'Content-Length: 5', 'Content-Length: 6')),
]);

const hello = `${ok('Content-Length: 5')}hello`;

export const SURPLUS_CASES = topic<ResponseCase>('bytes behind a response', 'RFC 9112 6.3, 9.3', [
  relayed('one byte', `${hello}!`, { body: 'hello', isReused: false }),
  relayed('an empty line', `${hello}\r\n`, { body: 'hello', isReused: false }),
  relayed('another response', hello + hello, { body: 'hello', isReused: false }),
  relayed(
    'a response that poisons the next request',
    `${hello}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison`,
    {
      body: 'hello',
      isReused: false,
    },
  ),
  relayed('an interim response', `${hello}HTTP/1.1 100 Continue\r\n\r\n`, { body: 'hello', isReused: false }),
  relayed('behind a length of 0', `${ok('Content-Length: 0')}x`, { isReused: false }),
  relayed('behind the last chunk', `${ok('Transfer-Encoding: chunked')}${BODY}0\r\n\r\n`, {
    body: 'hello',
    isReused: false,
  }),
  relayed('an empty line behind the last chunk', `${ok('Transfer-Encoding: chunked')}${BODY}\r\n`, {
    body: 'hello',
    isReused: false,
  }),
  relayed('behind 304', `${of(304)}x`, { isReused: false }),
  relayed('a NUL', `${hello}\0`, { body: 'hello', isReused: false }),
]);

export const ENDING_CASES = topic<ResponseCase>('responses that break off', 'RFC 9112 8', [
  unusable('nothing, and the end', '', { after: 'fin' }),
  unusable('nothing, and a reset', '', { after: 'reset' }),
  unusable('within the status line', 'HTTP/1.1 2', { after: 'fin' }),
  unusable('within the head', 'HTTP/1.1 200 OK\r\nContent-Le', { after: 'fin' }),
  unusable('before the end of the head', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r', { after: 'fin' }),
  unusable('within the head, with a reset', 'HTTP/1.1 200 OK\r\n', { after: 'reset' }),
  cut('a length that is not reached', `${ok('Content-Length: 6')}hello`, { body: 'hello', after: 'fin' }),
  cut('a length of which nothing comes', ok('Content-Length: 6'), { after: 'fin' }),
  cut('a length that is not reached, with a reset', `${ok('Content-Length: 6')}hello`, {
    body: 'hello',
    after: 'reset',
  }),
  cut('within a chunk', `${ok('Transfer-Encoding: chunked')}5\r\nhel`, { body: 'hel', after: 'fin' }),
  cut('between chunks', `${ok('Transfer-Encoding: chunked')}5\r\nhello\r\n`, { body: 'hello', after: 'fin' }),
  cut('before the last chunk has ended', `${ok('Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n`, {
    body: 'hello',
    after: 'fin',
  }),
  cut('within the trailers', `${ok('Transfer-Encoding: chunked')}0\r\nA: b`, { after: 'fin' }),
  cut('a body until the end, with a reset', `${ok('A: b')}hello`, {
    as: ['HTTP/1.1 200 OK', 'A: b', 'Transfer-Encoding: chunked'],
    body: 'hello',
    after: 'reset',
  }),
  relayed('the end right behind a length', hello, { body: 'hello', after: 'fin', isReused: false }),
  relayed('the end right behind the last chunk', ok('Transfer-Encoding: chunked') + BODY, {
    body: 'hello',
    after: 'fin',
    isReused: false,
  }),
]);
