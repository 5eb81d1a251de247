import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import t from 'tap';
import { guard, type Refusal, WRITES } from '../../src/admin/gate.ts';
import { Tries } from '../../src/admin/tries.ts';

const TOKEN = 'a-token-of-16-or-more';

const gate = (token: string | undefined) => ({ token, tries: new Tries(() => 0) });

interface Asked {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: IncomingMessage['headers'];
}

/** What the guard says of a request that is fine but for these things. */
function asked({ method = 'GET', token, headers = {} }: Asked): Refusal | undefined {
  const request = new IncomingMessage(new Socket());
  request.method = method;
  request.headers = { host: '127.0.0.1:9900', ...headers };
  return guard(request, gate(token));
}

function basic(credentials: string): string {
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

t.test('only GET and HEAD are answered, since nothing here changes anything', async (t) => {
  for (const method of ['GET', 'HEAD']) t.equal(asked({ method }), undefined, method);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'get'])
    t.equal(asked({ method })?.status, 405, method);
});

t.test('where something is changed only POST is answered, and guarded in the same way', async (t) => {
  const posted = (headers: IncomingMessage['headers'], method = 'POST', token?: string) => {
    const request = new IncomingMessage(new Socket());
    request.method = method;
    request.headers = { host: '127.0.0.1:9900', ...headers };
    return guard(request, gate(token), WRITES)?.status;
  };
  t.equal(posted({}), undefined);
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) t.equal(posted({}, method), 405, method);
  t.equal(posted({ origin: 'http://evil.example' }), 403);
  t.equal(posted({ 'sec-fetch-site': 'cross-site' }), 403);
  t.equal(posted({ host: 'evil.example' }), 403);
  t.equal(posted({}, 'POST', TOKEN), 401);
  t.equal(posted({ authorization: `Bearer ${TOKEN}` }, 'POST', TOKEN), undefined);
});

t.test('a request that another site’s page makes is refused', async (t) => {
  for (const site of ['same-origin', 'none'])
    t.equal(asked({ headers: { 'sec-fetch-site': site } }), undefined, site);
  for (const site of ['cross-site', 'same-site', '', 'nonsense'])
    t.equal(asked({ headers: { 'sec-fetch-site': site } })?.status, 403, site);
});

t.test('a request of another origin is refused', async (t) => {
  for (const origin of ['http://127.0.0.1:9900', 'https://127.0.0.1:9900'])
    t.equal(asked({ headers: { origin } }), undefined, origin);
  for (const origin of ['http://127.0.0.1', 'http://evil.example', 'null', '', 'http://127.0.0.1:9900/'])
    t.equal(asked({ headers: { origin } })?.status, 403, origin);
});

t.test('without a token only names are answered that lead nowhere else', async (t) => {
  const own = [
    'localhost',
    'LOCALHOST:9900',
    'admin.localhost:9900',
    '127.0.0.1',
    '10.0.0.1:9900',
    '[::1]:9900',
  ];
  for (const host of own) t.equal(asked({ headers: { host } }), undefined, host);
  const foreign = [
    'evil.example',
    'evil.example:9900',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '',
  ];
  for (const host of foreign) t.equal(asked({ headers: { host } })?.status, 403, JSON.stringify(host));
});

t.test('a page whose name was rebound to this machine is refused though its origin is its own', async (t) => {
  const headers = { host: 'evil.example:9900', origin: 'http://evil.example:9900' };
  t.equal(asked({ headers })?.status, 403);
});

t.test('a request without a Host is refused', async (t) => {
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  t.equal(guard(request, gate(undefined))?.status, 403);
});

t.test('with a token any name is answered that brings it', async (t) => {
  const headers = { host: 'admin.example.org', authorization: `Bearer ${TOKEN}` };
  t.equal(asked({ token: TOKEN, headers }), undefined);
});

t.test('the token comes as a bearer token or as the password of any user', async (t) => {
  const good = [
    `Bearer ${TOKEN}`,
    `bearer ${TOKEN}`,
    basic(`admin:${TOKEN}`),
    basic(`:${TOKEN}`),
    basic(`admin:${TOKEN}`).replace('Basic', 'BASIC'),
  ];
  for (const authorization of good)
    t.equal(asked({ token: TOKEN, headers: { authorization } }), undefined, authorization);
});

t.test('a token that is missing, wrong or in another place is refused', async (t) => {
  const bad = [
    undefined,
    '',
    'Bearer',
    'Bearer ',
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    TOKEN,
    `Digest ${TOKEN}`,
    basic(TOKEN.slice(1)),
    basic(`${TOKEN}:`),
    basic(`admin:x${TOKEN}`),
    `Basic ${TOKEN}`,
  ];
  for (const authorization of bad) {
    const headers = authorization === undefined ? {} : { authorization };
    t.equal(asked({ token: TOKEN, headers })?.status, 401, String(authorization));
  }
});

t.test('every refusal says why', async (t) => {
  const messages = [
    asked({ method: 'POST' }),
    asked({ headers: { 'sec-fetch-site': 'cross-site' } }),
    asked({ headers: { origin: 'null' } }),
    asked({ headers: { host: 'evil.example' } }),
    asked({ token: TOKEN }),
  ].map((refusal) => refusal?.message);
  t.strictSame(messages, [
    'only GET and HEAD are answered',
    'requests of other sites are not answered',
    'requests of other origins are not answered',
    'without an admin token only localhost and IP addresses are answered',
    'the admin token is missing or wrong',
  ]);
});

t.test('a password may have a colon in it', async (t) => {
  const token = 'colon:within:this-token';
  t.equal(asked({ token, headers: { authorization: basic(`admin:${token}`) } }), undefined);
});

t.test('the token does not excuse another site, another origin or another method', async (t) => {
  const authorization = `Bearer ${TOKEN}`;
  const status = (more: Asked) =>
    asked({ token: TOKEN, ...more, headers: { authorization, ...more.headers } })?.status;
  t.equal(status({}), undefined);
  t.equal(status({ headers: { 'sec-fetch-site': 'cross-site' } }), 403);
  t.equal(status({ headers: { origin: 'http://evil.example' } }), 403);
  t.equal(status({ method: 'POST' }), 405);
});

t.test(
  'after ten wrong tokens an address must wait, even with the right one, and others need not',
  async (t) => {
    const shared = gate(TOKEN);
    const from = (address: string, authorization?: string) => {
      const socket = Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
      const request = new IncomingMessage(socket);
      request.method = 'GET';
      request.headers = { host: 'admin', ...(authorization !== undefined && { authorization }) };
      return guard(request, shared);
    };
    for (let i = 0; i < 10; i++) t.equal(from('10.0.0.1', `Bearer wrong-${i}`)?.status, 401);
    t.match(from('10.0.0.1', 'Bearer wrong'), { status: 429, retryAfter: 6 });
    t.match(from('10.0.0.1', `Bearer ${TOKEN}`), { status: 429, retryAfter: 6 });
    t.equal(from('10.0.0.1')?.status, 401, 'who sends none is asked for one');
    t.equal(from('10.0.0.2', `Bearer ${TOKEN}`), undefined);
    for (let i = 0; i < 100; i++) from('127.0.0.1', 'Bearer wrong');
    t.equal(from('127.0.0.1', `Bearer ${TOKEN}`), undefined, 'this machine is never locked out');
    for (let i = 0; i < 100; i++) from('10.0.0.3');
    t.equal(from('10.0.0.3', `Bearer ${TOKEN}`), undefined, 'none is no wrong one');
  },
);
