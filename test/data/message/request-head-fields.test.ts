import t from 'tap';
import { requestHead, requestWith } from '../../support/heads.ts';

const HOST = 'Host: test.localhost\r\n';

t.test('what is forwarded is what came: order, case, blanks and doubled headers', async (t) => {
  const lines = ['b: 1', 'A:2', 'a:  2 ', 'COOKIE: x', 'Cookie: y', 'X-Request-Id: z'];
  t.equal(requestWith(lines).fields(), `${HOST}${lines.join('\r\n')}\r\n`);
});

t.test('headers of the connection stay behind', async (t) => {
  const lines = [
    'Connection: keep-alive',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy: http://evil',
    'TE: gzip',
    'Trailer: X',
    'Upgrade: x',
  ];
  for (const line of lines)
    t.equal(requestWith(['A: 1', line, 'B: 2']).fields(), `${HOST}A: 1\r\nB: 2\r\n`, line);
  t.equal(requestWith(lines).fields(), HOST, 'all together');
  const kept = ['Proxy-Authorization: a', 'Proxies: a', 'Keep: a', 'Upgraded: a', 'Tea: a', 'Connections: a'];
  t.equal(requestWith(kept).fields(), `${HOST}${kept.join('\r\n')}\r\n`, 'and none but those');
});

t.test('headers that Connection nominates stay behind, whatever their case', async (t) => {
  const nominate = (connection: string[], lines: string[]) =>
    requestWith([...connection.map((value) => `Connection: ${value}`), ...lines]).fields();
  t.equal(nominate(['X-Hop'], ['a: 1', 'x-hop: 1', 'X-HOP: 2', 'b: 1']), `${HOST}a: 1\r\nb: 1\r\n`);
  t.equal(
    nominate(['keep-alive,X-One , x-two'], ['X-Two: 1', 'X-One: 1', 'X-Three: 1']),
    `${HOST}X-Three: 1\r\n`,
  );
  t.equal(nominate(['X-One', 'close, X-Two'], ['X-Two: 1', 'X-One: 1']), HOST);
  t.equal(
    nominate(['Cookie'], ['Keep-Alive: a', 'Cookie: a', 'Proxy: a', 'b: 1', 'Cookie: c']),
    `${HOST}b: 1\r\n`,
  );
  t.equal(nominate(['X-Hop'], ['X-Hope: 1', 'X-Ho: 1']), `${HOST}X-Hope: 1\r\nX-Ho: 1\r\n`);
});

t.test('what frames or routes a request cannot be nominated away', async (t) => {
  const head = requestHead(
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: Host, Content-Length, Transfer-Encoding\r\n\r\n',
  );
  t.equal(head.fields(), 'Host: a\r\nContent-Length: 5\r\n');
  t.equal(head.length, 5);
});

t.test('names with an underscore stay behind unless they are wanted', async (t) => {
  const lines = ['A_b: 1', '_: 2', 'c-d: e_f', 'Content_Type: 7', 'X_Forwarded: 1', 'X-Real_IPs: 2'];
  t.equal(requestWith(lines).fields(), `${HOST}c-d: e_f\r\n`);
  const kept = requestWith(lines, { rules: { keepUnderscores: true } });
  t.equal(kept.fields(), `${HOST}${lines.join('\r\n')}\r\n`);
});

t.test('no spelling with an underscore of what is ours to say is ever wanted', async (t) => {
  const lines = [
    ...[
      'X_Forwarded_For: 1',
      'x-forwarded_PROTO: https',
      'X_Forwarded-Host: a',
      'X_FORWARDED_TLS_CLIENT_CERT: a',
    ],
    ...['X_Real_IP: 1', 'X-Real_IP: 1', 'Content_Length: 7', 'Transfer_Encoding: chunked', 'Keep_Alive: 1'],
    ...['Proxy_Connection: a', 'X_Forwarded_: b'],
  ];
  for (const trusted of [true, false]) {
    const head = requestWith(['A_b: 1', ...lines], { rules: { keepUnderscores: true }, trusted });
    t.equal(head.fields(), `${HOST}A_b: 1\r\n`);
    t.equal(head.forwardedFor, '');
    t.equal(head.length, 0);
  }
});

t.test(
  'a length that is not in its shortest form, and the coding, are left to be written anew',
  async (t) => {
    const fields = (line: string) => requestHead(`POST / HTTP/1.1\r\n${line}\r\nHost: a\r\n\r\n`).fields();
    t.equal(fields('Content-Length: 012'), 'Host: a\r\n');
    t.equal(fields('Content-Length: 12'), 'Content-Length: 12\r\nHost: a\r\n');
    t.equal(fields('Content-Length: 0'), 'Content-Length: 0\r\nHost: a\r\n');
    t.equal(fields('Transfer-Encoding: chunked'), 'Host: a\r\n');
  },
);

const ABOUT_CLIENT = [
  'Forwarded: for=1.1.1.1',
  'X-Forwarded-For: 1.1.1.1',
  'x-forwarded-FOR: 2.2.2.2',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: shop.example',
  'X-Forwarded-Port: 8443',
  'X-Real-IP: 3.3.3.3',
  'X-Forwarded-Prefix: /p',
  'X-Forwarded-Server: s',
  'X-Forwarded-Tls-Client-Cert: c',
];

t.test('nobody may say who the client is', async (t) => {
  const head = requestWith([
    'a: 1',
    ...ABOUT_CLIENT,
    'b: 2',
    'Forwarded-By: x',
    'X-Forward: x',
    'X-Real-IPs: x',
  ]);
  t.equal(head.fields(), `${HOST}a: 1\r\nb: 2\r\nForwarded-By: x\r\nX-Forward: x\r\nX-Real-IPs: x\r\n`);
  t.match(head, { forwardedFor: '', forwardedProto: '', forwardedHost: '', forwardedPort: '', realIp: '' });
});

t.test('a trusted proxy may, and what we say anew is left out', async (t) => {
  const head = requestWith(ABOUT_CLIENT, { trusted: true });
  t.match(head, {
    forwardedFor: '1.1.1.1, 2.2.2.2',
    forwardedProto: 'https',
    forwardedHost: 'shop.example',
    forwardedPort: '8443',
    realIp: '3.3.3.3',
  });
  t.notMatch(head.fields(), /^x-forwarded-(?:for|proto|host|port):|^x-real-ip:/im);
  t.match(head.fields(), /^X-Forwarded-Prefix: \/p\r$/m);
  t.match(head.fields(), /^Forwarded: for=1\.1\.1\.1\r$/m);
});

t.test('trailers are wanted only where TE says so', async (t) => {
  t.equal(requestWith([]).trailers, false);
  t.equal(requestWith(['TE: trailers']).trailers, true);
  t.equal(requestWith(['TE: gzip;q=0.5, Trailers']).trailers, true);
  t.equal(requestWith(['TE: x', 'TE: trailers', 'TE: y']).trailers, true);
  t.equal(requestWith(['TE: notrailers']).trailers, false);
});

t.test('a header is found by name, whole and trimmed', async (t) => {
  const head = requestWith(['Accept-Language: de', 'ACCEPT: \t text/html \t', 'Accept: b', 'Empty:']);
  t.equal(head.field('accept'), 'text/html');
  t.equal(head.field('empty'), '');
  t.equal(head.field('acc'), undefined);
  t.equal(head.field('text/html'), undefined);
});
