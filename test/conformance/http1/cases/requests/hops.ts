import { CHUNKED_HEAD, get, head, passes, post, type RequestCase, refused, topic } from '../../case.ts';

const GET_HEAD = ['GET /x HTTP/1.1', 'Host: a'];
const without = (...lines: string[]) => ({ as: [...GET_HEAD, ...lines] });

/** What a client could want to be rid of on the way: what we say of it, and what frames or routes it. */
const OURS = [
  'X-Forwarded-For',
  'x-forwarded-for',
  'X-FORWARDED-PROTO',
  'X-Forwarded-Host',
  'X-Forwarded-Port',
  'X-Real-Ip',
  'Host',
  'HOST',
];

export const CONNECTION_CASES = topic<RequestCase>('Connection', 'RFC 9110 7.6.1; CVE-2024-45410', [
  passes('keep-alive is left out', get('Connection: keep-alive'), without()),
  passes('close closes', get('Connection: close'), { ...without(), end: 'closes' }),
  passes('close in another case closes', get('connection: CLOSE'), { ...without(), end: 'closes' }),
  passes('close in a list closes', get('Connection: a, close ,b'), { ...without(), end: 'closes' }),
  passes('close in a second line closes', get('Connection: a', 'Connection: close'), {
    ...without(),
    end: 'closes',
  }),
  passes('close and keep-alive close', get('Connection: keep-alive, close'), { ...without(), end: 'closes' }),
  passes('what only begins like close stays', get('Connection: closed'), without()),
  passes('an empty one', get('Connection:'), without()),
  passes('commas only', get('Connection: ,, ,'), without()),
  passes('HTTP/1.0 closes', head('GET /x HTTP/1.0', 'Host: a'), { ...without(), end: 'closes' }),
  passes(
    'HTTP/1.0 with keep-alive stays',
    head('GET /x HTTP/1.0', 'Host: a', 'Connection: Keep-Alive'),
    without(),
  ),
  passes(
    'a nominated header is left out',
    get('A: 1', 'Connection: x-hop', 'X-Hop: 2', 'B: 3'),
    without('A: 1', 'B: 3'),
  ),
  passes(
    'also before it is nominated, and twice',
    get('X-Hop: 1', 'Connection: X-HOP', 'x-hop: 2'),
    without(),
  ),
  passes(
    'several',
    get('Connection: X-One , x-two,X-Three', 'X-Two: 1', 'X-One: 1', 'X-Three: 1', 'X-Four: 1'),
    without('X-Four: 1'),
  ),
  passes('of two lines', get('Connection: X-One', 'Connection: close, X-Two', 'X-Two: 1', 'X-One: 1'), {
    ...without(),
    end: 'closes',
  }),
  passes(
    'only whole names',
    get('Connection: X-Hop', 'X-Ho: 1', 'X-Hope: 2'),
    without('X-Ho: 1', 'X-Hope: 2'),
  ),
  passes('0xa0 is no blank beside a name', get('Connection: X-Hop\xa0', 'X-Hop: 1'), without('X-Hop: 1')),
  ...OURS.map((name) => passes(`${name} cannot be nominated away`, get(`Connection: ${name}`), without())),
  passes('all of ours at once cannot be nominated away', get(`Connection: close, ${OURS.join(', ')}`), {
    ...without(),
    end: 'closes',
  }),
  passes(
    'a length cannot be nominated away',
    `${post('Content-Length: 5', 'Connection: Content-Length')}hello`,
    {
      as: ['POST /x HTTP/1.1', 'Host: a', 'Content-Length: 5'],
      body: 'hello',
    },
  ),
  passes(
    'the coding cannot be nominated away',
    `${post('Connection: transfer-encoding', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    {
      as: CHUNKED_HEAD,
    },
  ),
  refused('a control in one', get('Connection: a\0b')),
]);

/** Headers of the connection, or that only we may set. */
const LEFT_OUT = [
  'Keep-Alive: timeout=5',
  'Proxy-Connection: keep-alive',
  'Proxy: http://evil',
  'PROXY: http://evil',
  'TE: gzip',
  'Trailer: X-Sum',
  'Upgrade: websocket',
  'Forwarded: for=1.2.3.4',
  'X-Forwarded-For: 1.2.3.4',
  'x-forwarded-FOR: 1.2.3.4',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil',
  'X-Forwarded-Port: 1',
  'X-Forwarded-Prefix: /evil',
  'X-Forwarded-Server: evil',
  'X-Forwarded-Tls-Client-Cert: evil',
  'X-Forwarded-: evil',
  'X-Real-IP: 1.2.3.4',
];

export const HOP_CASES = topic<RequestCase>(
  'headers that stay behind',
  'RFC 9110 7.6.1, 7.6.3; CVE-2016-5385',
  [
    ...LEFT_OUT.map((line) =>
      passes(`${line} is left out`, get('A: 1', line, 'B: 2'), without('A: 1', 'B: 2')),
    ),
    passes(
      'names that only look like those stay',
      get('Proxies: a', 'Keep: a', 'X-Forward: b', 'X-Real-IPs: c', 'Forwarded-By: d', 'Tea: e'),
    ),
    passes('Proxy-Authorization goes on', get('Proxy-Authorization: Basic eA==')),
    passes('TE: trailers is said anew', get('TE: gzip, Trailers'), without('TE: trailers', 'Connection: TE')),
    passes(
      'trailers go on where TE asks for them',
      `${post('TE: trailers', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nX-Sum: 1\r\nb: \xfc\r\n\r\n`,
      {
        as: [...CHUNKED_HEAD, 'TE: trailers', 'Connection: TE'],
        body: 'hi',
        trailers: ['X-Sum: 1', 'b: \xfc'],
      },
    ),
    passes(
      'trailers with an underscore are left out like headers',
      `${post('TE: trailers', 'Transfer-Encoding: chunked')}2\r\nhi\r\n0\r\nA: 1\r\nRemote_User: root\r\nB: 2\r\n\r\n`,
      { as: [...CHUNKED_HEAD, 'TE: trailers', 'Connection: TE'], body: 'hi', trailers: ['A: 1', 'B: 2'] },
    ),
  ],
);

const upgrade = (protocol: string, ...lines: string[]) =>
  get('Connection: Upgrade', `Upgrade: ${protocol}`, ...lines);
/** The backend does not upgrade: it answers as to any request. The client's connection is not trusted after that. */
const asks = (protocol: string, ...lines: string[]) => ({
  as: [...GET_HEAD, ...lines, 'Connection: Upgrade', `Upgrade: ${protocol}`],
  isUpgrade: true,
  end: 'closes' as const,
});

export const UPGRADE_CASES = topic<RequestCase>('Upgrade', 'RFC 9110 7.8; RFC 6455; CVE-2026-2833', [
  passes(
    'WebSocket is asked for',
    upgrade('websocket', 'Sec-WebSocket-Key: x'),
    asks('websocket', 'Sec-WebSocket-Key: x'),
  ),
  passes(
    'values keep their bytes in an upgrade too',
    upgrade('websocket', 'X: \xa0a\xff\xa0', 'A: 1', 'A: 2'),
    asks('websocket', 'X: \xa0a\xff\xa0', 'A: 1', 'A: 2'),
  ),
  passes('another protocol is asked for', upgrade('foo/2'), asks('foo/2')),
  passes('HTTP/2 is not', upgrade('h2c', 'HTTP2-Settings: AAMAAABk'), without('HTTP2-Settings: AAMAAABk')),
  passes('HTTP/2 over TLS is not', upgrade('h2'), without()),
  passes('HTTP/2 by its old name is not', upgrade('HTTP/2.0'), without()),
  passes('HTTP/2 in capitals is not', upgrade('H2C'), without()),
  passes('HTTP/2 is taken out of a list', upgrade('h2c, websocket , h2'), asks('websocket')),
  passes('what is no protocol is not asked for', upgrade('web socket'), without()),
  passes('nor is an empty list', upgrade(', ,'), without()),
  passes('nor is one with a quote', upgrade('"websocket"'), without()),
  passes('nor without Connection: Upgrade', get('Upgrade: websocket'), without()),
  passes('nor in HTTP/1.0', head('GET /x HTTP/1.0', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket'), {
    ...without(),
    end: 'closes',
  }),
  passes('nor with a body', `${get('Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 2')}hi`, {
    ...without('Content-Length: 2'),
    body: 'hi',
  }),
  passes(
    'nor with a body in chunks',
    `${get('Connection: Upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
    without('Transfer-Encoding: chunked'),
  ),
  passes(
    'what follows is not passed on before the backend agrees',
    `${upgrade('websocket')}GET /smuggled HTTP/1.1\r\n\r\n`,
    asks('websocket'),
  ),
]);

export const EXPECT_CASES = topic<RequestCase>('Expect', 'RFC 9110 10.1.1', [
  passes('100-continue', `${post('Expect: 100-continue', 'Content-Length: 5')}hello`, { body: 'hello' }),
  passes('100-continue in another case', `${post('expect: 100-CONTINUE', 'Content-Length: 5')}hello`, {
    body: 'hello',
  }),
  passes(
    '100-continue in HTTP/1.0 is left out',
    `${head('POST /x HTTP/1.0', 'Host: a', 'Expect: 100-continue', 'Content-Length: 5')}hello`,
    {
      as: ['POST /x HTTP/1.1', 'Host: a', 'Content-Length: 5'],
      body: 'hello',
      end: 'closes',
    },
  ),
  ...['', '200-ok', '100-continue, x', '100-continue;a=b', '"100-continue"', '100', 'x'].map((value) =>
    refused(`an expectation of "${value}"`, `${post(`Expect: ${value}`, 'Content-Length: 5')}hello`, 417),
  ),
  refused(
    '100-continue and another',
    `${post('Expect: 100-continue', 'Expect: x', 'Content-Length: 5')}hello`,
    417,
  ),
]);
