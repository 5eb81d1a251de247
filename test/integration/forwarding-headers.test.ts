import t from 'tap';
import { startBackend, startCannedBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { startMirror } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';

/** The header lines that reach the backend of a GET with these. */
async function mirrored(
  t: Parameters<typeof startMirror>[0],
  lines: string[],
  options = {},
): Promise<string[]> {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port] }], options);
  const client = await connectRaw(t, proxy.port);
  const head = ['GET /a HTTP/1.1', 'Host: test.localhost:8080', ...lines].join('\r\n');
  const { body } = await exchange(client, `${head}\r\n\r\n`);
  return body.trimEnd().split('\r\n').slice(2);
}

const OURS = [
  'X-Forwarded-For: 127.0.0.1',
  'X-Real-IP: 127.0.0.1',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Host: test.localhost:8080',
  'X-Forwarded-Port: 8080',
  'Via: 1.1 fairlead-0123abcd',
];

t.test('headers reach the backend in their order and case, with every byte of their values', async (t) => {
  const lines = [
    'b: 1',
    'A:2',
    'ACCEPT: */*',
    'a:  \t3 ',
    'Cookie: x=\xe4\xff',
    'cookie: y',
    'X-Empty:',
    'x-Last: \x80',
  ];
  t.same(await mirrored(t, lines), [...lines, ...OURS]);
});

t.test('headers of the connection end with it', async (t) => {
  const hop = [
    'Connection: close, X-Secret',
    'x-secret: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy: http://evil.example',
    'TE: gzip',
    'Trailer: X',
    'Upgrade: h2c',
  ];
  t.same(await mirrored(t, ['a: 1', ...hop, 'b: 2']), ['a: 1', 'b: 2', ...OURS]);
});

t.test('names with an underscore do not reach the backend unless they are wanted', async (t) => {
  const lines = ['Remote_User: admin', 'a: 1'];
  t.same(await mirrored(t, lines), ['a: 1', ...OURS]);
  t.same(await mirrored(t, lines, { keepUnderscores: true }), [...lines, ...OURS]);
});

const LIES = [
  'X-Forwarded-For: 1.1.1.1',
  'X-FORWARDED-FOR: 2.2.2.2',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: evil.example',
  'X-Forwarded-Port: 1',
  'X-Forwarded-Prefix: /evil',
  'X-Real-Ip: 3.3.3.3',
  'Forwarded: for=4.4.4.4',
];

t.test('what a client says about itself is not believed', async (t) => {
  t.same(await mirrored(t, LIES), OURS);
  t.same(
    await mirrored(t, ['Connection: X-Forwarded-For, X-Real-IP', ...LIES]),
    OURS,
    'nor can it be nominated away',
  );
});

t.test('a trusted proxy is believed, and joins the chain', async (t) => {
  const options = { trustedProxies: ['127.0.0.0/8'] };
  t.same(await mirrored(t, LIES.slice(0, 5), options), [
    'X-Forwarded-For: 1.1.1.1, 2.2.2.2, 127.0.0.1',
    'X-Real-IP: 2.2.2.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.example',
    'X-Forwarded-Port: 1',
    'Via: 1.1 fairlead-0123abcd',
  ]);
  t.same(await mirrored(t, [], options), OURS, 'also one that says nothing');
  t.same(await mirrored(t, LIES, { trustedProxies: ['10.0.0.0/8', '::1/128'] }), OURS, 'another is not');
});

t.test('each request of a connection tells its own host', async (t) => {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port], routes: [{ host: '*' }] }]);
  const client = await connectRaw(t, proxy.port);
  for (const host of ['a.example', 'b.example:81', 'a.example']) {
    const { body } = await exchange(client, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    t.match(body, `\r\nX-Forwarded-Host: ${host}\r\n`);
    t.match(body, `\r\nHost: ${host}\r\n`);
  }
});

t.test('headers of a response reach the client as they are, but for those of the connection', async (t) => {
  const lines = [
    'Server: x',
    'Set-Cookie: a=1',
    'set-COOKIE: b=\xfc',
    'X_y: 1',
    'Date: then',
    'Trailer: X-Sum',
    'Via: 1.1 x',
  ];
  const hop = [
    'Connection: keep-alive, X-Hop',
    'X-Hop: 1',
    'Keep-Alive: timeout=9',
    'Upgrade: h2',
    'Proxy-Connection: a',
  ];
  const { port } = await startCannedBackend(
    t,
    `HTTP/1.1 299 My \xfcber Reason\r\n${[...lines, ...hop].join('\r\n')}\r\nContent-Length: 0\r\n\r\n`,
  );
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  const response = await exchange(client, 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  t.equal(response.head, `HTTP/1.1 299 My \xfcber Reason\r\n${lines.join('\r\n')}\r\nContent-Length: 0`);
});

t.test('the same headers are read by a stricter parser', async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const headers = { 'x-latin': 'caf\xe9', 'x-tab': 'a\tb', accept: 'text/html' };
  t.equal((await ask(proxy.port, { headers, path: '/?q=%C3%A9' })).status, 200);
  t.match(backend.requests[0], {
    url: '/?q=%C3%A9',
    headers: { ...headers, 'x-forwarded-for': '127.0.0.1' },
  });
});
