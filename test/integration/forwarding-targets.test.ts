import t from 'tap';
import { connectRaw } from '../support/client.ts';
import { startMirror } from '../support/manual.ts';
import { startProxy, type TestService } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';

/** The request line that reaches the backend for each request line, or the status of an error. */
async function lines(
  t: Parameters<typeof startMirror>[0],
  routes: TestService['routes'],
  requests: string[],
) {
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port], ...(routes && { routes }) }]);
  const seen = [];
  for (const request of requests) {
    const client = await connectRaw(t, proxy.port);
    const { status, body } = await exchange(client, `${request} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`);
    seen.push(status === 200 ? body.slice(0, body.indexOf(' HTTP/1.1\r\n')) : String(status));
  }
  return seen;
}

t.test('a target reaches the backend as it came, however it is written', async (t) => {
  const requests = [
    'GET /',
    'GET /a?b=c&d',
    'GET //a//b/',
    'GET /%61/%2F/%7e',
    'GET /a/../b?x=/../y',
    'GET /?',
    'GET /a;b=c:d@e',
    'PATCH /"quoted"/<x>|{y}^`',
    `GET /${'x'.repeat(5_000)}`,
  ];
  t.same(await lines(t, undefined, requests), requests);
});

t.test('an absolute target is that of its own host', async (t) => {
  const requests = [
    'GET http://test.localhost/a?b',
    'GET HTTP://TEST.localhost:80',
    'GET http://test.localhost?q',
  ];
  t.same(await lines(t, undefined, requests), ['GET /a?b', 'GET /', 'GET /?q']);
  t.same(await lines(t, undefined, ['GET http://other.localhost/a']), ['400']);
});

t.test('OPTIONS * reaches the backend', async (t) => {
  t.same(await lines(t, undefined, ['OPTIONS *', 'OPTIONS http://test.localhost', 'GET *']), [
    'OPTIONS *',
    'OPTIONS *',
    '400',
  ]);
  t.same(await lines(t, [{ path: '/api' }], ['OPTIONS *']), ['404'], 'where a route leads there');
});

t.test('a target that can be understood in more than one way is refused', async (t) => {
  const requests = ['GET /../a', 'GET /a/%2e%2e/b', 'GET /a\\..\\b', 'GET /%00', 'GET /%', 'GET /a%2'];
  t.same(
    await lines(t, undefined, requests),
    requests.map(() => '400'),
  );
});

t.test('a prefix is removed where that is wanted, and the backend learns of it', async (t) => {
  const routes = [{ path: '/api', stripPrefix: true }, { path: '/' }, { path: '/raw' }];
  const requests = [
    'GET /api',
    'GET /api/',
    'GET /api/a?b',
    'GET /api?a',
    'GET /apis',
    'GET /raw/a',
    'GET //api//x',
  ];
  t.same(await lines(t, routes, requests), [
    'GET /',
    'GET /',
    'GET /a?b',
    'GET /?a',
    'GET /apis',
    'GET /raw/a',
    'GET /x',
  ]);
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port], routes }]);
  const client = await connectRaw(t, proxy.port);
  const prefix = async (path: string) => {
    const { body } = await exchange(
      client,
      `GET ${path} HTTP/1.1\r\nHost: test.localhost\r\nX-Forwarded-Prefix: /x\r\n\r\n`,
    );
    return body.match(/^x-forwarded-prefix: .*$/gim);
  };
  t.same(await prefix('/api/a'), ['X-Forwarded-Prefix: /api']);
  t.same(await prefix('/raw/a'), null);
});

t.test('the most specific route answers', async (t) => {
  const [one, two] = [await startMirror(t), await startMirror(t)];
  const proxy = await startProxy(t, [
    { name: 'one', backends: [one.port], routes: [{ host: '*.localhost' }, { path: '/a' }] },
    {
      name: 'two',
      backends: [two.port],
      routes: [{ path: '/' }, { host: '*.localhost', path: '/b', priority: 1 }],
    },
  ]);
  const client = await connectRaw(t, proxy.port);
  for (const [host, path] of [
    ['test.localhost', '/'],
    ['TEST.LOCALHOST.:80', '/a/x'],
    ['other.localhost', '/'],
    ['test.localhost', '/b'],
  ]) {
    t.equal((await exchange(client, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status, 200);
  }
  t.same(
    proxy.entries.map(({ service }) => service),
    ['two', 'one', 'one', 'two'],
  );
});
