import t, { type Test } from 'tap';
import type { Keyring } from '../../src/model/keyring.ts';
import type { Route } from '../../src/model/route.ts';
import { startBackend } from '../support/backend.ts';
import { ask } from '../support/client.ts';
import { responseHeaders } from '../support/filters.ts';
import { keyringOf, makePair, namedPair } from '../support/keyring.ts';
import { listenerOn } from '../support/listener.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';
import { connectTls } from '../support/tls.ts';

/** A proxy with these routes to one backend, by http and by https. */
async function start(
  t: Test,
  keyring: Keyring,
  routes: readonly Partial<Route>[] = [{}],
  options: Parameters<typeof startProxy>[2] = {},
) {
  const backend = await startBackend(t, 'a');
  const untrusted: string[] = [];
  const proxy = await startProxy(t, [{ routes, backends: [backend.port] }], options, undefined, undefined, {
    onUntrustedProto: (peer) => untrusted.push(peer),
  });
  proxy.plane.adoptKeyring(keyring);
  const { port } = await proxy.plane.listen(listenerOn(0, { name: 'https', tls: true }));
  const byHttp = (path = '/', headers: Record<string, string> = {}, host = 'test.localhost') =>
    ask(proxy.port, { path, headers, host });
  const byHttps = async (host: string, servername = host) => {
    const client = await connectTls(t, port, { servername });
    return exchange(client, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  };
  return { ...proxy, byHttp, byHttps, untrusted, backend };
}

const NONE = keyringOf([]);
const TEST = keyringOf([namedPair('test.localhost')]);

t.test('a host is led to https once it has a certificate, and not before', async (t) => {
  const { byHttp, plane, backend } = await start(t, NONE);
  t.equal((await byHttp()).status, 200);
  plane.adoptKeyring(TEST);
  const { status, headers } = await byHttp('/a?b=c');
  t.match({ status, headers }, { status: 308, headers: { location: 'https://test.localhost/a?b=c' } });
  t.equal(headers['cache-control'], undefined);
  plane.adoptKeyring(keyringOf([namedPair('*.localhost')]));
  t.equal((await byHttp()).status, 308, 'one for all names beside it will do');
  plane.adoptKeyring(keyringOf([], { fallback: namedPair('test.localhost') }));
  t.equal((await byHttp()).status, 200, 'but not the default');
  t.equal(backend.requests.length, 2);
});

t.test('nobody is led to a certificate of the internal authority, unless the route says so', async (t) => {
  const routes: Partial<Route>[] = [{}, { path: '/asked', https: 'redirect' }];
  const keyring = keyringOf([{ ...namedPair('test.localhost'), source: 'internal' }]);
  const { byHttp } = await start(t, keyring, routes);
  t.equal((await byHttp()).status, 200);
  t.equal((await byHttp('/asked')).status, 308);
});

t.test('of a new certificate nobody keeps the redirect', async (t) => {
  const { byHttp } = await start(t, keyringOf([{ ...namedPair('test.localhost'), notBefore: Date.now() }]));
  t.match(await byHttp(), { status: 308, headers: { 'cache-control': 'no-store' } });
});

t.test('who certifies names asks by http, and is not led away', async (t) => {
  const { byHttp } = await start(t, TEST);
  t.equal((await byHttp('/.well-known/acme-challenge/abc')).status, 200);
  t.equal((await byHttp('/.well-known/other')).status, 308);
});

t.test('a request that says it came by https is not led around in a circle', async (t) => {
  const { byHttp, untrusted } = await start(t, TEST);
  t.equal((await byHttp('/', { 'x-forwarded-proto': 'https' })).status, 200);
  t.strictSame(untrusted, ['127.0.0.1'], 'and that somebody is not believed is told');
  t.equal((await byHttp('/', { 'x-forwarded-proto': 'http' })).status, 308);
  const trusting = await start(t, TEST, [{}], { trustedProxies: ['127.0.0.0/8'] });
  t.equal((await trusting.byHttp('/', { 'x-forwarded-proto': 'https' })).status, 200);
  t.equal((await trusting.byHttp('/', { 'x-forwarded-proto': 'http' })).status, 308);
  t.strictSame(trusting.untrusted, []);
});

t.test('a route says what requests by http and by https get', async (t) => {
  const https = ['redirect', 'both', 'only', 'off'] as const;
  const pair = await makePair(['test.localhost']);
  const paths = https.map((one): Partial<Route> => ({ path: `/${one}`, https: one }));
  const { byHttp, port, plane } = await start(t, keyringOf([pair]), [
    ...paths,
    { path: '/none', tls: 'off' },
  ]);
  const statuses = async () =>
    Object.fromEntries(
      await Promise.all([...https, 'none'].map(async (one) => [one, (await byHttp(`/${one}`)).status])),
    );
  t.strictSame(await statuses(), { redirect: 308, both: 200, only: 404, off: 200, none: 200 });
  const client = await connectTls(t, (await plane.listen(listenerOn(0, { name: 'https', tls: true }))).port);
  const secure: Record<string, number> = {};
  for (const one of https) {
    const { status } = await exchange(client, `GET /${one} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`);
    secure[one] = status;
  }
  t.strictSame(secure, { redirect: 200, both: 200, only: 200, off: 404 });
  plane.adoptKeyring(NONE);
  t.strictSame(await statuses(), { redirect: 200, both: 200, only: 404, off: 200, none: 200 });
  t.ok(port > 0);
});

const HSTS = 'max-age=86400; includeSubDomains';

t.test(
  'browsers are told to stay with https where everybody trusts the certificate, and nowhere else',
  async (t) => {
    const names = ['public.test', 'private.test', 'error.test'];
    const [first, second, third] = await Promise.all([
      makePair(names.slice(0, 1), { isPublic: true }),
      makePair(names.slice(1, 2)),
      makePair(names.slice(2), { isPublic: true }),
    ]);
    const filters = [responseHeaders('X-A=1', 'Strict-Transport-Security=max-age=1')];
    const routes = names.map((host): Partial<Route> => ({ host, hsts: HSTS, https: 'both' }));
    const { byHttps, byHttp, apply, backend } = await start(t, keyringOf([first, second, third]), [
      ...routes.slice(0, 2),
      { ...routes[2], filters },
    ]);
    const told = ({ head }: { head: string }) =>
      head.match(/^strict-transport-security: .*$/gim)?.map((line) => line.slice(27));
    t.strictSame(told(await byHttps('public.test')), [HSTS]);
    t.equal(told(await byHttps('private.test')), undefined);
    t.equal((await byHttp('/', {}, 'public.test')).headers['strict-transport-security'], undefined);
    const edited = await byHttps('error.test');
    t.strictSame(told(edited), [HSTS], 'once, whatever else says it');
    t.match(edited.head, /^X-A: 1$/m);
    apply({
      routes: [{ host: 'public.test', hsts: HSTS }],
      backends: [{ port: backend.port, flags: ['Draining'] }],
    });
    const error = await byHttps('public.test');
    t.equal(error.status, 503);
    t.strictSame(told(error), [HSTS], 'an error says so, too');
  },
);

t.test('a connection is good for the hosts of its certificate', async (t) => {
  const pairs = [
    await makePair(['one.test', '*.one.test', 'two.test']),
    await makePair(['other.test']),
    await makePair(['special.one.test']),
  ];
  const { byHttps, entries, plane } = await start(t, keyringOf(pairs), [{ host: '*' }]);
  const asked = async (host: string, servername: string) => (await byHttps(host, servername)).status;
  t.equal(await asked('two.test', 'one.test'), 200);
  t.equal(await asked('ONE.test.:443', 'one.test'), 200);
  t.equal(await asked('special.one.test', 'one.test'), 200, 'though it has one of its own');
  t.equal(await asked('nobody.test', 'one.test'), 200, 'who has none cannot be asked on another one');
  t.equal(await asked('other.test', 'one.test'), 421);
  t.match(entries.at(-1), { status: 421, error: 'misdirected', host: 'other.test' });
  plane.adoptKeyring(keyringOf(pairs, { fallback: pairs[0] }));
  t.equal(await asked('other.test', ''), 200, 'who could not name it is served');
  const trusting = await start(t, keyringOf(pairs), [{ host: '*' }], { trustedProxies: ['127.0.0.0/8'] });
  t.equal((await trusting.byHttps('other.test', 'one.test')).status, 200, 'as is a trusted proxy');
});
