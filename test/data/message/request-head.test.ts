import t from 'tap';
import { CHUNKED } from '../../../src/data/message/head.ts';
import { judgeRequest, requestHead, requestWith } from '../../support/heads.ts';

t.test('a plain request is read', async (t) => {
  const head = requestHead('GET /a/b?c=d HTTP/1.1\r\nHost: Test.localhost:8080\r\nAccept: */*\r\n\r\n');
  t.match(head, {
    method: 'GET',
    target: '/a/b?c=d',
    minor: 1,
    host: 'Test.localhost:8080',
    length: 0,
    keepAlive: true,
    trailers: false,
    upgrade: '',
  });
  t.equal(head.fields(), 'Host: Test.localhost:8080\r\nAccept: */*\r\n');
  t.equal(head.end, head.text.length);
});

t.test('a head that has not ended is waited for', async (t) => {
  for (const text of [
    'G',
    'GET / HTTP/1.1\r',
    'GET / HTTP/1.1\r\nHost: a\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\r',
  ]) {
    t.equal(judgeRequest(text), 0, JSON.stringify(text));
  }
});

t.test('the connection stays as its version and Connection say', async (t) => {
  const keeps = (minor: number, lines: string) =>
    requestHead(`GET / HTTP/1.${minor}\r\nHost: a\r\n${lines}\r\n`).keepAlive;
  t.equal(keeps(1, ''), true);
  t.equal(keeps(1, 'Connection: close\r\n'), false);
  t.equal(keeps(1, 'Connection: Keep-Alive\r\n'), true);
  t.equal(keeps(1, 'Connection: x, CLOSE\r\n'), false);
  t.equal(keeps(1, 'Connection: x\r\nConnection: close\r\n'), false);
  t.equal(keeps(1, 'Connection: closed\r\n'), true);
  t.equal(keeps(1, 'Connection:\r\n'), true);
  t.equal(keeps(0, ''), false);
  t.equal(keeps(0, 'Connection: keep-alive\r\n'), true);
  t.equal(keeps(0, 'Connection: keep-alive, close\r\n'), false);
});

t.test('the length of the body is what the one framing header says', async (t) => {
  const length = (lines: string) => requestHead(`POST / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`).length;
  t.equal(length(''), 0);
  t.equal(length('Content-Length: 0\r\n'), 0);
  t.equal(length('content-length:\t 42 \t\r\n'), 42);
  t.equal(length('Content-Length: 9007199254740991\r\n'), 9_007_199_254_740_991);
  t.equal(length('Content-Length: 0012\r\n'), 12);
  t.equal(length('Transfer-Encoding: chunked\r\n'), CHUNKED);
  t.equal(length('transfer-encoding: CHUNKED\r\n'), CHUNKED);
});

t.test('every form of target that has a meaning here is taken', async (t) => {
  const target = (line: string, host = 'a') =>
    requestHead(`${line} HTTP/1.1\r\nHost: ${host}\r\n\r\n`).target;
  t.equal(target('GET /'), '/');
  t.equal(target('GET //double'), '//double');
  t.equal(target('GET /a?b?c'), '/a?b?c');
  t.equal(target('GET /"<>\\^`{|}'), '/"<>\\^`{|}');
  t.equal(target('OPTIONS *'), '*');
  t.equal(target('GET http://a/b?c'), '/b?c');
  t.equal(target('GET HTTP://A/b'), '/b');
  t.equal(target('GET http://a'), '/');
  t.equal(target('GET http://a?b'), '/?b');
  t.equal(target('GET http://a:80/b'), '/b');
  t.equal(target('GET http://a/b', 'a:80'), '/b');
  t.equal(target('GET https://a/b', 'a:443'), '/b');
  t.equal(target('OPTIONS http://a'), '*', 'RFC 9112, section 3.2.4');
});

t.test('the authority of an absolute target counts when there is no Host', async (t) => {
  const head = requestHead('GET http://test.localhost:81/x HTTP/1.0\r\n\r\n');
  t.equal(head.host, 'test.localhost:81');
  t.equal(head.target, '/x');
});

t.test('hosts are names, IPv4 and IPv6 addresses, with a port or without', async (t) => {
  for (const host of [
    'a',
    'a.b-c_d',
    'A.B:1',
    '127.0.0.1:65535',
    '[::1]',
    '[::ffff:1.2.3.4]:80',
    'xn--4ca.de.',
  ]) {
    t.equal(requestHead(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`).host, host);
  }
});

t.test('any token is a method', async (t) => {
  for (const method of ['GET', 'get', 'PROPFIND', 'M-SEARCH', "!#$%&'*+-.^_`|~09aZ"]) {
    t.equal(requestHead(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`).method, method);
  }
});

t.test('values keep every byte beyond ASCII, and only spaces and tabs around them are trimmed', async (t) => {
  const all = Array.from({ length: 128 }, (_, i) => String.fromCharCode(128 + i)).join('');
  const head = requestWith([`X: ${all}`, `Y: \t\x85\xa0 \t`]);
  t.equal(head.field('x'), all);
  t.equal(head.field('y'), '\x85\xa0');
  t.match(head.fields(), `X: ${all}\r\n`);
});

t.test(
  'Expect: 100-continue is passed on, but not for a client that knows no interim response',
  async (t) => {
    const fields = (minor: number) =>
      requestHead(
        `POST / HTTP/1.${minor}\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n`,
      ).fields();
    t.match(fields(1), 'Expect: 100-Continue\r\n');
    t.notMatch(fields(0), /expect/i);
  },
);

t.test('an upgrade needs Connection: Upgrade and HTTP/1.1, and a WebSocket no body', async (t) => {
  const upgrade = (lines: string, minor = 1) =>
    requestHead(`GET / HTTP/1.${minor}\r\nHost: a\r\n${lines}\r\n`).upgrade;
  const both = 'Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n';
  t.equal(upgrade(both), 'websocket');
  t.equal(upgrade('Upgrade: websocket\r\n'), '');
  t.equal(upgrade('Connection: upgrade\r\n'), '');
  t.equal(upgrade(both, 0), '');
  t.equal(upgrade(`${both}Content-Length: 0\r\n`), 'websocket');
  t.equal(upgrade(`${both}Content-Length: 1\r\n`), '');
  t.equal(upgrade(`${both}Transfer-Encoding: chunked\r\n`), '');
  const other = 'Connection: Upgrade\r\nUpgrade: tcp\r\n';
  t.equal(upgrade(`${other}Content-Length: 1\r\n`), 'tcp');
  t.equal(upgrade(`${other}Transfer-Encoding: chunked\r\n`), 'tcp');
  t.equal(upgrade(`${other}Upgrade: websocket\r\nContent-Length: 1\r\n`), '');
  t.equal(upgrade(`${other}Content-Length: 1\r\nExpect: 100-continue\r\n`), '');
  t.equal(upgrade(`${other}Content-Length: 0\r\nExpect: 100-continue\r\n`), 'tcp');
});

t.test('HTTP/2 is never upgraded to, wherever it stands in the list', async (t) => {
  const upgrade = (...values: string[]) =>
    requestWith(['Connection: Upgrade, HTTP2-Settings', ...values.map((value) => `Upgrade: ${value}`)])
      .upgrade;
  t.equal(upgrade('h2c'), '');
  t.equal(upgrade('H2C'), '');
  t.equal(upgrade('h2'), '');
  t.equal(upgrade('h2c', 'h2'), '');
  t.equal(upgrade('websocket, h2c'), 'websocket');
  t.equal(upgrade('h2c,websocket'), 'websocket');
  t.equal(upgrade('websocket', 'h2c'), 'websocket');
  t.equal(upgrade('foo/1 , ,\th2c\t, bar'), 'foo/1, bar');
  t.notMatch(
    requestWith(['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: x']).fields(),
    /2/,
  );
});
