import { get, head, passes, type RequestCase, refused, shown, topic, waits } from '../../case.ts';

/** Header lines of which one server finds a name and another none. */
const NO_FIELDS = [
  'X : a',
  'X\t: a',
  ' X: a',
  '\tX: a',
  ': a',
  ':',
  ' : a',
  'X',
  'X a',
  'X=a',
  'X;: a',
  'X y: a',
  'X(y): a',
  '"X": a',
  'X@y: a',
  'X[0]: a',
  'X/y: a',
  'X,y: a',
  'X{y}: a',
  'X\\y: a',
  'X?: a',
  '<X>: a',
  'X\0: a',
  '\0X: a',
  'X\x01: a',
  'X\x0b: a',
  'X\x7f: a',
  'X\x80: a',
  'X\xa0: a',
  'X\xff: a',
  '\xefX: a',
  'Content-Length\x0b: 5',
  'Content-Length\xa0: 5',
  'Content-Length : 5',
  'Host : b',
  'Transfer-Encoding\x00: chunked',
];

export const NAME_CASES = topic<RequestCase>('header names', 'RFC 9110 5.1, 5.6.2; RFC 9112 5.1', [
  ...NO_FIELDS.map((line) => refused(`the line ${shown(line)}`, get(line))),
  ...['X : a', ': a', ' X: a', 'X'].map((line) =>
    refused(`the line ${shown(line)} right after the request line`, head('GET /x HTTP/1.1', line, 'Host: a')),
  ),
  passes('every character that a name may have', get("!#$%&'*+-.^`|~0aZ: b")),
  passes('a name of digits', get('1: b')),
  passes('case and order stay', get('b: 1', 'A: 2', 'a: 3', 'B: 4', 'cOOkie: x')),
  passes('lines of the same name stay apart', get('A: 1', 'B: 2', 'A: 3', 'A: 1')),
  passes('a name of 1,000 characters', get(`${'x'.repeat(1_000)}: y`)),
  passes('names that objects have from birth', get('__proto__: x', 'constructor: y', 'hasOwnProperty: z'), {
    as: ['GET /x HTTP/1.1', 'Host: a', 'constructor: y', 'hasOwnProperty: z'],
  }),
  passes('99 headers besides Host', get(...Array.from({ length: 99 }, (_, i) => `X${i}: y`))),
  refused(
    '100 headers besides Host',
    get(...Array.from({ length: 100 }, (_, i) => `X${i}: y`)),
    431,
    'RFC 6585 5',
  ),
  refused('a head that is too large', get(`X: ${'y'.repeat(16_400)}`), 431, 'RFC 6585 5'),
  waits('a head without its end', 'GET /x HTTP/1.1\r\nHost: a\r\nA: b'),
  waits('a head without its last CRLF', 'GET /x HTTP/1.1\r\nHost: a\r\n'),
  waits('a head without its last LF', 'GET /x HTTP/1.1\r\nHost: a\r\n\r'),
]);

const CONTROLS = Array.from({ length: 32 }, (_, code) => code).filter(
  (code) => code !== 9 && code !== 10 && code !== 13,
);

export const VALUE_CASES = topic<RequestCase>('header values', 'RFC 9110 5.5; RFC 9112 5', [
  ...[...CONTROLS, 127].map((code) => {
    const control = String.fromCharCode(code);
    return refused(`the control ${shown(control)}`, get(`X: a${control}b`));
  }),
  refused('a NUL at the end', get('X: a\0')),
  refused('a CR within', get('X: a\rb')),
  refused('a LF within', get('X: a\nb')),
  refused('a smuggled header behind a CR', get('X: a\rContent-Length: 5')),
  refused('a smuggled header behind a LF', get('X: a\nContent-Length: 5')),
  passes('a tab within', get('X: a\tb')),
  passes('blanks around and within', get('X: \t a  b \t')),
  passes('no value', get('X:')),
  passes('a value of blanks', get('X: \t ')),
  passes('no blank behind the colon', get('X:a')),
  passes('colons', get('X: a:b::c', 'Y::')),
  passes('bytes from 0x80 on stay as they are', get('X: \x80\x85\xa0\xe9\xfc\xff')),
  passes('0x85 and 0xa0 are no blanks around a value', get('X: \x85\xa0a\xa0\x85')),
  passes('UTF-8 stays as it is', get('X: \xe2\x82\xac \xf0\x9f\x9a\xa2')),
  passes('quotes, backslashes and commas', get('X: "a\\"b", c; d=e', 'Cookie: a="b"; c=d')),
  passes('a value of 8,000 characters', get(`X: ${'y'.repeat(8_000)}`)),
]);

export const FOLDING_CASES = topic<RequestCase>('folded lines', 'RFC 9112 5.2', [
  refused('by a blank', get('X: a\r\n b')),
  refused('by a tab', get('X: a\r\n\tb')),
  refused('of nothing but a blank', get('X: a\r\n ')),
  refused('a folded Host', head('GET /x HTTP/1.1', 'Host:\r\n a')),
  refused('right after the request line', 'GET /x HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n'),
  refused('a folded length', get('Content-Length:\r\n 5')),
  refused('a header that hides in the fold', get('X: a\r\n Transfer-Encoding: chunked')),
  refused('behind a bare LF', get('X: a\n b')),
]);

const UNDERSCORES = [
  'A_b: 1',
  '_: 1',
  'X_Forwarded_For: 1.2.3.4',
  'Content_Length: 5',
  'Transfer_Encoding: chunked',
  'Remote_User: root',
  'Host_: b',
  '_Host: b',
];

export const UNDERSCORE_CASES = topic<RequestCase>(
  'underscores in names',
  'CGI (RFC 3875 4.1.18): GHSA-f59h-q822-g45g',
  [
    ...UNDERSCORES.map((line) =>
      passes(`${line} is left out`, get('A: 1', line, 'B: 2'), {
        as: ['GET /x HTTP/1.1', 'Host: a', 'A: 1', 'B: 2'],
      }),
    ),
    passes('in a value they stay', get('A: b_c')),
    refused('a bad line next to one', get('A_b: 1', 'X : a')),
  ],
);
