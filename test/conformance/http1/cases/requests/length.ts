import { head, passes, post, type RequestCase, refused, shown, topic, waits } from '../../case.ts';

/** What is no count of bytes, or one that no number holds exactly. */
const NO_LENGTHS = [
  '',
  '+5',
  '-5',
  '-0',
  '0x5',
  '5h',
  '5 5',
  '5, 5',
  '5,5',
  '5,',
  ',5',
  '5;5',
  '"5"',
  '1_0',
  '5.0',
  '5e0',
  'five',
  '\xb2',
  '\xd9\xa5',
  '\xa05',
  '5\x85',
  '9007199254740992',
  '18446744073709551621',
  '99999999999999999999999999999999',
  '00000000000000005',
];

export const LENGTH_CASES = topic<RequestCase>('Content-Length', 'RFC 9112 6.2, 6.3; RFC 9110 8.6', [
  passes('a length of plain digits', `${post('Content-Length: 5')}hello`, { body: 'hello' }),
  passes('a length of 0', post('Content-Length: 0')),
  passes('no length is no body', post()),
  passes('a body that looks like a request', `${post('Content-Length: 19')}GET / HTTP/1.1\r\n\r\nX`, {
    body: 'GET / HTTP/1.1\r\n\r\nX',
  }),
  passes('a body of NUL and other controls', `${post('Content-Length: 6')}\0\x01\r\n\x7f\xff`, {
    body: '\0\x01\r\n\x7f\xff',
  }),
  passes('a GET may have a body', `${head('GET /x HTTP/1.1', 'Host: a', 'Content-Length: 2')}hi`, {
    body: 'hi',
  }),
  passes('blanks around a length', `${post('Content-Length: \t 5 \t')}hello`, { body: 'hello' }),
  passes('the name in another case', `${post('CONTENT-length: 5')}hello`, { body: 'hello' }),
  passes('leading zeros are not passed on', `${post('Content-Length: 005')}hello`, {
    as: ['POST /x HTTP/1.1', 'Host: a', 'Content-Length: 5'],
    body: 'hello',
  }),
  passes('many zeros are one', post('Content-Length: 0000'), {
    as: ['POST /x HTTP/1.1', 'Host: a', 'Content-Length: 0'],
  }),
  passes('a length in HTTP/1.0', `${head('POST /x HTTP/1.0', 'Host: a', 'Content-Length: 2')}hi`, {
    as: ['POST /x HTTP/1.1', 'Host: a', 'Content-Length: 2'],
    body: 'hi',
    end: 'closes',
  }),
  waits('a body that is shorter than its length', `${post('Content-Length: 6')}hello`, true),
  waits('the largest length there is', `${post('Content-Length: 9007199254740991')}x`, true),
  refused('two equal lengths', `${post('Content-Length: 5', 'Content-Length: 5')}hello`),
  refused('two different lengths', `${post('Content-Length: 5', 'Content-Length: 6')}hello!`),
  refused(
    'two lengths, the names in different cases',
    `${post('Content-Length: 5', 'content-LENGTH: 0')}hello`,
  ),
  refused('two lengths of 0', post('Content-Length: 0', 'Content-Length: 0')),
  refused('two lengths, one of them empty', `${post('Content-Length:', 'Content-Length: 5')}hello`),
  refused(
    'two lengths far from each other',
    `${post('Content-Length: 5', 'A: b', 'C: d', 'Content-Length: 5')}hello`,
  ),
  ...NO_LENGTHS.map((value) =>
    refused(`a length of ${shown(value)}`, `${post(`Content-Length: ${value}`)}hello`),
  ),
]);
