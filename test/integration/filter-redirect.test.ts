import t, { type Test } from 'tap';
import type { Filter } from '../../src/model/filter.ts';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { responseHeaders } from '../support/filters.ts';
import { keyringOf, namedPair } from '../support/keyring.ts';
import { listenerOn } from '../support/listener.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange } from '../support/responses.ts';
import { connectTls, testKeyring } from '../support/tls.ts';

const REDIRECT: Filter = { kind: 'redirect', to: 'https' };

/** A proxy whose route redirects to https; that it does so by itself is another test's. */
async function startRedirecting(t: Test, options: Parameters<typeof startProxy>[2] = {}) {
  const backend = await startBackend(t, 'a');
  const filters = [REDIRECT, responseHeaders('X-A=1')];
  const services = [{ routes: [{ filters, https: 'both' as const }], backends: [backend.port] }];
  const proxy = await startProxy(t, services, options);
  const listenByHttps = async () => {
    proxy.plane.adoptKeyring(await testKeyring());
    return (await proxy.plane.listen(listenerOn(0, { name: 'https', tls: true }))).port;
  };
  return { backend, proxy, listenByHttps };
}

t.test('as long as nobody listens by https nothing is redirected there', async (t) => {
  const { proxy } = await startRedirecting(t);
  t.match(await ask(proxy.port), { status: 200, body: 'a', headers: { 'x-a': '1' } });
});

t.test('once somebody does the same URL by https is where requests are led', async (t) => {
  const { backend, proxy, listenByHttps } = await startRedirecting(t);
  const port = await listenByHttps();
  const located = async (host: string, path: string, method = 'GET') => {
    const { status, headers, body } = await ask(proxy.port, { host, path, method });
    t.match({ status, headers, body }, { status: 308, headers: { 'x-a': '1' }, body: '' });
    return headers['location'];
  };
  t.equal(await located('test.localhost', '/a%20b?c=/d'), 'https://test.localhost/a%20b?c=/d');
  t.equal(await located('test.localhost', '/', 'POST'), 'https://test.localhost/');
  t.equal(
    await located(`test.localhost:${proxy.port}`, '/a'),
    `https://test.localhost:${port}/a`,
    'who says a port is led to the one that https has',
  );
  t.equal(backend.requests.length, 0);
});

t.test('what came by https is where it belongs', async (t) => {
  const { listenByHttps } = await startRedirecting(t);
  const client = await connectTls(t, await listenByHttps());
  t.match(await exchange(client, 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n'), {
    status: 200,
    body: 'a',
  });
});

t.test('so is what a proxy says came by it, which is not led around in a circle', async (t) => {
  const { proxy, listenByHttps } = await startRedirecting(t, { trustedProxies: ['127.0.0.0/8'] });
  await listenByHttps();
  const by = (proto: string) => ask(proxy.port, { headers: { 'x-forwarded-proto': proto } });
  t.equal((await by('https')).status, 200);
  t.equal((await by('http')).status, 308);
  const { proxy: wary, listenByHttps: listen } = await startRedirecting(t);
  await listen();
  t.equal((await ask(wary.port, { headers: { 'x-forwarded-proto': 'https' } })).status, 200);
});

t.test('odd requests are led somewhere, too, or go on where nobody can know where', async (t) => {
  const backend = await startBackend(t, 'a');
  const routes = [{ host: '*', filters: [REDIRECT], https: 'both' as const }];
  const proxy = await startProxy(t, [{ routes, backends: [backend.port] }]);
  proxy.plane.adoptKeyring(keyringOf([namedPair('a', '::1')]));
  await proxy.plane.listen(listenerOn(0, { name: 'https', tls: true }));
  const answer = async (head: string) => {
    const client = await connectRaw(t, proxy.port);
    client.send(`${head}Connection: close\r\n\r\n`);
    return client.untilClosed();
  };
  t.match(await answer('OPTIONS * HTTP/1.1\r\nHost: a\r\n'), /^Location: https:\/\/a\/\r$/m);
  t.match(await answer('GET http://a/b HTTP/1.1\r\nHost: a\r\n'), /^Location: https:\/\/a\/b\r$/m);
  t.match(await answer('GET /b HTTP/1.1\r\nHost: [::1]\r\n'), /^Location: https:\/\/\[::1\]\/b\r$/m);
  t.match(await answer('GET /b HTTP/1.0\r\n'), /^HTTP\/1\.1 200 /);
});
