import t from 'tap';
import { ProxyError } from '../../../src/data/errors.ts';
import { errorReply, escapeHtml, pageReply, statusReply } from '../../../src/data/proxy/reply.ts';

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
const reply = (
  accept: string,
  code: ConstructorParameters<typeof ProxyError>[0] = 'unavailable',
  detail = 'inside',
) => {
  const { status, fields, body } = errorReply(new ProxyError(code, detail), accept, 'id-1');
  return { status, fields, body: body.toString() };
};

t.test('a browser gets a page, a program JSON, and everybody else a line of text', async (t) => {
  const page = reply(BROWSER);
  t.match(page.fields, 'Content-Type: text/html; charset=utf-8\r\n');
  t.match(page.body, /^<!doctype html>[\s\S]*503 Service Unavailable[\s\S]*id-1[\s\S]*<\/html>\n$/);
  for (const accept of [
    'application/json',
    'application/problem+json',
    'application/json, text/html;q=0.5',
    'Application/JSON',
  ]) {
    const json = reply(accept);
    t.match(json.fields, 'Content-Type: application/problem+json\r\n', accept);
    t.match(JSON.parse(json.body), { status: 503, title: 'Service Unavailable', requestId: 'id-1' });
  }
  for (const accept of ['', '*/*', 'text/plain', 'image/png', 'application/jsonp']) {
    const text = reply(accept);
    t.match(text.fields, 'Content-Type: text/plain; charset=utf-8\r\n', accept);
    t.match(text.body, /^503 Service Unavailable: .*\nrequest id-1\n$/);
  }
});

t.test('every error has its request id and is not cached', async (t) => {
  for (const accept of [BROWSER, 'application/json', '']) {
    t.match(reply(accept).fields, 'X-Request-Id: id-1\r\n');
    t.match(reply(accept).fields, 'Cache-Control: no-store\r\n');
  }
});

t.test('only a 503 says when to come again', async (t) => {
  t.match(reply('').fields, /^Retry-After: \d+\r$/m);
  t.notMatch(reply('', 'reset').fields, /retry-after/i);
  t.match(pageReply(503, Buffer.from('x'), 'id').fields, /^Retry-After: \d+\r$/m);
  t.match(statusReply(503, 'x', '', 'id').fields, /^Retry-After: \d+\r$/m);
  t.notMatch(statusReply(500, 'x', '', 'id').fields, /retry-after/i);
});

t.test("what lies inside is not told, the client's own mistakes are", async (t) => {
  for (const code of [
    'unavailable',
    'connect-failed',
    'reset',
    'response-timeout',
    'internal',
    'no-route',
  ] as const) {
    t.notMatch(reply('', code, 'ECONNREFUSED 10.0.0.1').body, '10.0.0.1', code);
  }
  t.match(reply('', 'bad-request', 'the Host header is missing').body, 'the Host header is missing');
  t.match(reply('', 'not-implemented', 'CONNECT is for forward proxies').body, 'CONNECT');
});

t.test('a page shows every text as text', async (t) => {
  const evil = `<img src=x onerror="alert('1')">&`;
  t.equal(escapeHtml(evil), '&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;');
  const { body } = statusReply(503, evil, BROWSER, evil);
  t.notMatch(body.toString(), '<img');
  t.match(body.toString(), '&#60;img');
});

t.test('JSON stays JSON whatever is in it', async (t) => {
  const { body } = statusReply(503, 'a "b"\n\\', 'application/json', 'i"d');
  t.match(JSON.parse(body.toString()), { detail: 'a "b"\n\\', requestId: 'i"d' });
});

t.test("a page of the operator's is sent as it is", async (t) => {
  const page = Buffer.from('<h1>\xfc</h1>');
  const { status, body, fields } = pageReply(503, page, 'id-2');
  t.equal(status, 503);
  t.equal(body, page);
  t.match(fields, 'Content-Type: text/html; charset=utf-8\r\n');
  t.match(fields, 'X-Request-Id: id-2\r\n');
});

t.test('a 404 names the host that was asked for, and no other', async (t) => {
  const found = (host: string, accept = '') =>
    errorReply(new ProxyError('no-route', 'inside'), accept, 'id-1', host).body.toString();
  t.equal(
    found('shpo.localhost:8080'),
    '404 Not Found: No route matches the host shpo.localhost:8080 and this path.\nrequest id-1\n',
  );
  t.equal(found(''), '404 Not Found: No route matches this host and path.\nrequest id-1\n');
  t.ok(found('x'.repeat(16_000)).length < 250);
  t.notMatch(found('<b>', BROWSER), '<b>');
});

t.test('each failure has words of its own', async (t) => {
  const codes = [
    'unavailable',
    'busy',
    'connect-failed',
    'connect-timeout',
    'reset',
    'bad-response',
  ] as const;
  const texts = [...codes, 'response-timeout' as const, 'request-timeout' as const].map(
    (code) => reply('', code).body,
  );
  t.equal(new Set(texts).size, texts.length);
  for (const text of texts) t.match(text, /^50[234] [A-Z][\w ]+: [A-Z].*\.\nrequest id-1\n$/);
});
