import { get, head, passes, post, type RequestCase, refused, series, topic } from '../../case.ts';

const at = (target: string) => head(`GET ${target} HTTP/1.1`, 'Host: a');

/** Names for a path below /admin, where another service is; they are forwarded as they came. */
const ADMIN = [
  '/admin',
  '/admin/',
  '/admin?x',
  '/admin/x',
  '//admin',
  '///admin//x',
  '/./admin',
  '/x/../admin',
  '/x/./../admin/x',
  '/%61dmin',
  '/%61%64%6d%69%6e',
  '/%61%64%6D%69%6E/x',
  '/x/y/../../admin',
  '/admin/.',
  '/x/..//admin',
  '/admin/%2F',
];
/** And those that are not. */
const ELSEWHERE = [
  '/',
  '/Admin',
  '/administrator',
  '/x/admin',
  '/admin.',
  '/admin%2f',
  '/admin%2Fx',
  '/admin;x',
  '/admin/..',
  '/admin/../x',
  '/?/admin',
  '/%2561dmin',
  '/x?/../admin',
  '/.admin',
  '/...',
  '/a..b/..c/d..',
  '/x;/admin',
];
const NO_PATHS = [
  '/..',
  '/../',
  '/../admin',
  '/x/../../admin',
  '/./..',
  '//..',
  '/%2e%2e',
  '/%2e%2e/admin',
  '/x/%2e%2e/admin',
  '/x/.%2e/admin',
  '/x/%2E./admin',
  '/x/%2e%2E',
  '/x/..%2fadmin',
  '/x/..%2Fadmin',
  '/x/%2e%2e%2fadmin',
  '/x%2f..%2fadmin',
  '/x%2f%2e%2e/admin',
  '/x/..%5cadmin',
  '/x%5c..%5cadmin',
  '/x/..;/admin',
  '/x/..;a=b/admin',
  '/x/..%3b/admin',
  '/x/%2e%2e;/admin',
  '/x\\admin',
  '/x\\..\\admin',
  '/\\',
  '/%00',
  '/x%00.html',
  '/x/%00/../admin',
  '/%',
  '/x%',
  '/x%2',
  '/x%2g',
  '/x%zz',
  '/%u0061dmin',
  '/x%%',
  '/% 1',
];

export const PATH_CASES = topic<RequestCase>('routing on a normalised path', 'RFC 3986 6.2.2', [
  ...ADMIN.map((target) => passes(`${target} is below /admin`, at(target), { service: 'admin' })),
  ...ELSEWHERE.map((target) => passes(`${target} is not below /admin`, at(target))),
  ...NO_PATHS.map((target) => refused(`${target} is refused`, at(target))),
  passes('the path of a URL is normalised as well', at('http://a/x/../admin'), {
    as: ['GET /x/../admin HTTP/1.1', 'Host: a'],
    service: 'admin',
  }),
  refused('the path of a URL is refused as well', at('http://a/%2e%2e/admin')),
  refused('a bad path with a body', `${head('POST /%00 HTTP/1.1', 'Host: a', 'Content-Length: 5')}hello`),
]);

const GET_HEAD = ['GET /x HTTP/1.1', 'Host: a'];
const POST_HEAD = ['POST /x HTTP/1.1', 'Host: a', 'Content-Length: 2'];
const PUT = `${post('Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\n\r\n`;
const CHUNKED = ['POST /x HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked'];
const hi = `${post('Content-Length: 2')}hi`;

export const PIPELINE_CASES = topic<RequestCase>('several requests in one piece', 'RFC 9112 9.3.2', [
  series('two', get() + get('A: b'), [{ head: GET_HEAD }, { head: [...GET_HEAD, 'A: b'] }]),
  series('with bodies of every framing', hi + get() + PUT + hi, [
    { head: POST_HEAD, body: 'hi' },
    { head: GET_HEAD },
    { head: CHUNKED, body: 'hi' },
    { head: POST_HEAD, body: 'hi' },
  ]),
  series('the second is refused', get() + get('X : a'), [{ head: GET_HEAD }], 400),
  series('the second is refused behind a body', hi + get('X : a'), [{ head: POST_HEAD, body: 'hi' }], 400),
  series('the second is refused behind chunks', PUT + get('X : a'), [{ head: CHUNKED, body: 'hi' }], 400),
  series(
    'nothing is answered behind one that is refused',
    get() + get('X : a') + get(),
    [{ head: GET_HEAD }],
    400,
  ),
  series(
    'nothing is answered behind one that closes',
    get() + get('Connection: close') + get(),
    [{ head: GET_HEAD }, { head: GET_HEAD }],
    'closes',
  ),
  series(
    'the second has a bad path',
    get() + head('GET /%00 HTTP/1.1', 'Host: a') + get(),
    [{ head: GET_HEAD }],
    400,
  ),
  series(
    'a body that is longer than its length begins a request',
    `${hi}x\0\r\n\r\n`,
    [{ head: POST_HEAD, body: 'hi' }],
    400,
  ),
  series(
    'bytes behind a body without length',
    `${post()}hello\0\r\n`,
    [{ head: ['POST /x HTTP/1.1', 'Host: a'] }],
    400,
  ),
  series('bytes behind the last chunk', `${PUT}0\r\n\r\n`, [{ head: CHUNKED, body: 'hi' }], 400),
  series('the second is not whole', `${get()}GET /x`, [{ head: GET_HEAD }], 'waits'),
  series(
    "the second's body is not whole",
    `${get()}${post('Content-Length: 2')}h`,
    [{ head: GET_HEAD }],
    'waits',
    true,
  ),
  series(
    "the second's body is broken",
    `${get()}${post('Transfer-Encoding: chunked')}z\r\n`,
    [{ head: GET_HEAD }],
    400,
    true,
  ),
]);
