import t from 'tap';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { startBackend } from '../support/backend.ts';
import { connectRaw, reset } from '../support/client.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend, startMirror } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { exchange } from '../support/responses.ts';
import { STATES } from '../support/states.ts';
import { connectTls, startTlsProxy } from '../support/tls.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';

/** What a GET with these header lines is told to the backend, and is logged as. */
async function forwardedBy(
  t: Parameters<typeof startTlsProxy>[0],
  kind: 'plain' | 'tls',
  ...lines: string[]
) {
  const mirror = await startMirror(t);
  // What a client asks for by http is to be answered, too.
  const services = [{ routes: [{ https: 'both' as const }], backends: [mirror.port] }];
  const options = { trustedProxies: ['127.0.0.0/8'] };
  const isTls = kind === 'tls';
  const proxy = await (isTls ? startTlsProxy : startProxy)(t, services, options);
  const client = await (isTls ? connectTls : connectRaw)(t, proxy.port);
  const { body } = await exchange(client, ['GET / HTTP/1.1', ...lines, '', ''].join('\r\n'));
  const told = (name: string) => new RegExp(`^${name}: (.*)\r$`, 'm').exec(body)?.[1];
  await eventually('it is logged', () => proxy.entries.length === 1);
  return {
    proto: told('X-Forwarded-Proto'),
    port: told('X-Forwarded-Port'),
    logged: proxy.entries[0]?.scheme,
  };
}

t.test('scheme and port come from where the client connected', async (t) => {
  const host = 'Host: test.localhost';
  t.same(await forwardedBy(t, 'plain', host), { proto: 'http', port: '80', logged: 'http' });
  t.same(await forwardedBy(t, 'tls', host), { proto: 'https', port: '443', logged: 'https' });
  t.same(
    await forwardedBy(t, 'tls', `${host}:8443`),
    { proto: 'https', port: '8443', logged: 'https' },
    'or the port that it addressed',
  );
});

t.test('unless a trusted proxy before it says otherwise', async (t) => {
  const lines = ['Host: test.localhost', 'X-Forwarded-For: 8.8.8.8'];
  const https = await forwardedBy(t, 'plain', ...lines, 'X-Forwarded-Proto: HTTPS');
  t.match(https, { proto: 'HTTPS', logged: 'https' });
  const http = await forwardedBy(t, 'tls', ...lines, 'X-Forwarded-Proto: http');
  t.same(http, { proto: 'http', port: '80', logged: 'http' });
  const other = await forwardedBy(t, 'tls', ...lines, 'X-Forwarded-Proto: wss');
  t.match(other, { proto: 'wss', logged: 'https' }, 'in words that are understood');
});

t.test('a sticky cookie is Secure where clients connect with TLS', async (t) => {
  const backend = await startBackend(t, 'a');
  const services = [{ settings: { sticky: {} }, backends: [backend.port] }];
  const proxy = await startTlsProxy(t, services);
  const answer = await exchange(await connectTls(t, proxy.port), GET);
  t.match(answer.head, /\r\nSet-Cookie: \w+=\w+; Path=\/; HttpOnly; SameSite=Lax; Secure$/m);
});

t.test('what is refused before it is a request is logged with the scheme', async (t) => {
  const proxy = await startTlsProxy(t, []);
  const client = await connectTls(t, proxy.port);
  client.send('nonsense\r\n\r\n');
  t.match(await client.untilClosed(), /^HTTP\/1\.1 400 /);
  t.match(proxy.entries, [{ scheme: 'https', error: 'bad-request' }]);
});

t.test('connections are counted by listener', async (t) => {
  const proxy = await startTlsProxy(t, []);
  await exchange(await connectTls(t, proxy.port), GET);
  t.match(proxy.plane.stats().listeners, { https: { connections: 1, connectionsTotal: 1 } });
});

type Client = Awaited<ReturnType<typeof connectTls>>;
type Proxy = Awaited<ReturnType<typeof startTlsProxy>>;
type Backend = Awaited<ReturnType<typeof startManualBackend>>;

/** How an exchange may come to its end, whatever state it is in. */
const ENDS: Record<string, (client: Client, backend: Backend, proxy: Proxy) => void> = {
  'a client resets its connection': (client) => client.reset(),
  'a client ends its side': (client) => void client.socket.end(),
  'a client closes its connection without a word': (client) => void client.below.destroy(),
  'a client resets, and the backend': (client, { connections }) => {
    client.reset();
    for (const { socket } of connections) reset(socket);
  },
  'a backend resets its connection': (_, { connections }) => {
    for (const { socket } of connections) reset(socket);
  },
  'the process stops': (_client, _backend, proxy) => void proxy.plane.stop(0),
};

for (const [what, end] of Object.entries(ENDS)) {
  t.test(`over TLS ${what}, in any state, and nothing is left of it`, async (t) => {
    const before = { ...internalErrors.counts };
    for (const [name, reach] of Object.entries(STATES)) {
      const backend = await startManualBackend(t);
      const services = [{ backends: [backend.port], settings: { retry: { attempts: 0 } } }];
      const proxy = await startTlsProxy(t, services);
      const client = await connectTls(t, proxy.port);
      await reach({ client, backend });
      end(client, backend, proxy);
      await settle();
      for (const { socket } of backend.connections) socket.destroy();
      await settle();
      client.below.destroy();
      await untilQuiet(proxy);
      t.pass(name);
      await proxy.plane.stop(0);
    }
    t.strictSame(internalErrors.counts, before, 'and nothing threw');
  });
}

t.test('over TLS the client of a response that is cut sees an error, not an end', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startTlsProxy(t, [{ backends: [backend.port] }]);
  const client = await connectTls(t, proxy.port);
  let error: unknown;
  client.socket.on('error', (cause) => {
    error = cause;
  });
  // Of a response to HTTP/1.0 without a length only the end of the connection says whether it was all.
  client.send(GET.replace('1.1', '1.0'));
  await backend.head(0);
  (await backend.connection(0)).send('HTTP/1.1 200 OK\r\n\r\nsome');
  await client.until((received) => received.endsWith('some'), 'its beginning');
  reset((await backend.connection(0)).socket);
  await client.untilClosed();
  await eventually('the error', () => error !== undefined);
  t.match(error, { code: 'ECONNRESET' });
});

t.test('over TLS an idle client is closed for another one, and when its time is over', async (t) => {
  const clock = new FakeClock();
  const backend = await startBackend(t, 'a');
  const options = { maxConnections: 1, idleTimeout: 10_000 };
  const proxy = await startTlsProxy(t, [{ backends: [backend.port] }], options, clock);
  const first = await connectTls(t, proxy.port);
  await exchange(first, GET);
  await clock.advance(6_000);
  const second = await connectTls(t, proxy.port);
  await first.untilClosed();
  t.equal((await exchange(second, GET)).status, 200);
  await clock.advance(13_000);
  await second.untilClosed();
  await untilQuiet(proxy);
});

t.test('over TLS one too many is told so', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startTlsProxy(t, [{ backends: [backend.port] }], { maxConnections: 1 });
  const first = await connectTls(t, proxy.port);
  first.send(GET);
  await backend.head(0);
  const second = await connectTls(t, proxy.port);
  second.send(GET);
  t.match(await second.untilClosed(), /^HTTP\/1\.1 503 /);
  (await backend.connection(0)).send(okText('x'));
  t.match(await first.until((received) => received.endsWith('x'), 'the answer'), /^HTTP\/1\.1 200 /);
});

t.test('over TLS a client that ends its side behind its request is answered', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startTlsProxy(t, [{ backends: [backend.port] }]);
  const client = await connectTls(t, proxy.port);
  client.send(GET);
  client.socket.end();
  await backend.head(0);
  (await backend.connection(0)).send(okText('x'));
  t.match(await client.untilClosed(), /^HTTP\/1\.1 200 [\s\S]*x$/);
});
