import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Test } from 'tap';
import t from 'tap';
import type { Keyring } from '../../src/model/keyring.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { startBackend } from '../support/backend.ts';
import { connectRaw, type RawClient } from '../support/client.ts';
import { helloMessage, helloOf, recordsOf, serverName } from '../support/client-hello.ts';
import { FakeClock, settle } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { keyringOf, makePair } from '../support/keyring.ts';
import { exchange } from '../support/responses.ts';
import { connectTls, handshakeError, secured, startTlsProxy } from '../support/tls.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const UNKNOWN = '\x15\x03\x01\x00\x02\x02\x70';

type Options = NonNullable<Parameters<typeof startTlsProxy>[2]>;

/** A proxy with one backend that answers, and this keyring. */
async function start(t: Test, keyring?: Keyring, options: Options = {}, clock?: FakeClock) {
  const backend = await startBackend(t, 'a');
  const proxy = await startTlsProxy(t, [{ backends: [backend.port] }], options, clock);
  if (keyring !== undefined) proxy.plane.adoptKeyring(keyring);
  return {
    ...proxy,
    stats: () => proxy.plane.stats(),
    shownTo: async (servername: string) => (await connectTls(t, proxy.port, { servername })).shown,
  };
}

async function send(client: RawClient, bytes: Buffer): Promise<void> {
  client.socket.write(bytes);
  await settle();
}

t.test('a client is shown the certificate of the name that it asks for', async (t) => {
  const names = [['shop.test', 'www.shop.test'], ['*.wide.test'], ['one.wide.test']];
  const { shownTo, port, stats } = await start(
    t,
    keyringOf(await Promise.all(names.map((all) => makePair(all)))),
  );
  t.equal(await shownTo('www.shop.test'), 'DNS:shop.test, DNS:www.shop.test');
  t.equal(await shownTo('SHOP.test'), 'DNS:shop.test, DNS:www.shop.test');
  t.equal(await shownTo('one.wide.test'), 'DNS:one.wide.test', 'the exact one before the wildcard');
  t.equal(await shownTo('two.wide.test'), 'DNS:*.wide.test');
  t.equal(
    await handshakeError(t, port, { servername: 'a.two.wide.test' }),
    'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
  );
  t.equal(await handshakeError(t, port, { servername: 'test' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  await eventually('all are over', () => stats().handshaking === 0);
  t.strictSame(stats().handshakes, { full: 4, 'unknown-name': 2 });
  t.equal(stats().clientConnectionsTotal, 4, 'and who was refused was no client');
});

t.test('a client that names nobody is shown what there is for the address, else the default', async (t) => {
  const [pair, ofAddress] = [await makePair(['shop.test']), await makePair(['127.0.0.1'])];
  const fallback = await makePair(['default.test']);
  const { port, plane, shownTo } = await start(t, keyringOf([pair, ofAddress], { fallback }));
  t.equal(await shownTo(''), 'IP Address:127.0.0.1');
  plane.adoptKeyring(keyringOf([pair], { fallback }));
  t.equal(await shownTo(''), 'DNS:default.test');
  t.equal(await shownTo('unknown.test'), 'DNS:default.test', 'as is who names somebody without one');
  plane.adoptKeyring(keyringOf([pair]));
  t.equal(await handshakeError(t, port, { servername: '' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
});

t.test('a ClientHello may come byte by byte, and in many records', async (t) => {
  const { port } = await start(t);
  const hello = await helloOf({ servername: 'test.localhost' });
  for (const bytes of [hello, recordsOf(hello.subarray(5), 100)]) {
    const client = await connectRaw(t, port);
    for (const byte of bytes) await send(client, Buffer.from([byte]));
    // A ServerHello, whose first record is of a handshake.
    t.match(await client.until((received) => received.length > 100, 'an answer'), /^\x16\x03\x03/);
  }
});

t.test('a name without a certificate costs no handshake, and its client reads why', async (t) => {
  const { port } = await start(t);
  const client = await connectRaw(t, port);
  await send(client, recordsOf(helloMessage([serverName('unknown.test')])));
  t.equal(await client.until((received) => received.length >= UNKNOWN.length, 'an alert'), UNKNOWN);
});

t.test('who speaks HTTP without TLS is told so', async (t) => {
  const { port, stats } = await start(t);
  const client = await connectRaw(t, port);
  client.send(GET);
  await client.until((received) => received.includes('https://'), 'an answer');
  client.socket.end();
  t.match(
    await client.untilClosed(),
    /^HTTP\/1\.1 400 [\s\S]*\r\nConnection: close\r\n\r\nThis port speaks TLS/,
  );
  t.strictSame(stats().handshakes, { 'plain-http': 1 });
});

t.test('what is no TLS ends', async (t) => {
  const { port, stats } = await start(t);
  for (const bytes of [
    'SSH-2.0-x\r\n',
    '\x80\x2e\x01\x03\x01',
    '\x16\x03\x01\x00\x00',
    '\x16\x03\x01\xff\xff',
  ]) {
    const client = await connectRaw(t, port);
    client.send(bytes);
    t.equal(await client.untilClosed(), '');
  }
  t.strictSame(stats().handshakes, { failed: 4 });
});

t.test('old TLS, weak ciphers and other protocols are refused', async (t) => {
  const { port } = await start(t);
  const refused: ConnectionOptions[] = [
    { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' },
    { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' },
    { ALPNProtocols: ['h2'] },
  ];
  for (const options of refused)
    t.not(await handshakeError(t, port, options), 'none', JSON.stringify(options));
  const { socket } = await connectTls(t, port, { maxVersion: 'TLSv1.2', ALPNProtocols: ['h2', 'http/1.1'] });
  t.equal(socket.getProtocol(), 'TLSv1.2');
  t.equal(socket.alpnProtocol, 'http/1.1');
  const newest = await start(t, undefined, { tlsMin: '1.3' });
  t.not(await handshakeError(t, newest.port, { maxVersion: 'TLSv1.2' }), 'none');
  t.equal((await connectTls(t, newest.port)).socket.getProtocol(), 'TLSv1.3');
});

t.test('a client cannot begin a second handshake on its connection', async (t) => {
  const { port } = await start(t);
  const client = await connectTls(t, port, { maxVersion: 'TLSv1.2' });
  const failed = once(client.socket, 'error');
  client.socket.renegotiate({}, () => {});
  t.match(await failed, [{ code: 'ERR_SSL_NO_RENEGOTIATION' }]);
});

t.test('what cannot be decrypted ends its connection', async (t) => {
  const { port, stats } = await start(t);
  const raw = await connectRaw(t, port);
  let isHeard = true;
  const carrier = new Duplex({ read() {}, write: (chunk, _, done) => raw.socket.write(chunk, done) });
  raw.socket.on('data', (chunk) => isHeard && carrier.push(chunk));
  const client = connect({ socket: carrier, servername: 'test.localhost', rejectUnauthorized: false });
  await once(client, 'secureConnect');
  await eventually('it is a client', () => stats().clientConnections === 1);
  // Of the alert it hears nothing, so it does not end by itself.
  isHeard = false;
  raw.socket.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32)]));
  await raw.untilClosed();
  await eventually('it is gone', () => stats().clientConnections === 0);
});

t.test('a pair that OpenSSL does not take concerns nobody else', async (t) => {
  const [good, other] = [await makePair(['good.test']), await makePair(['bad.test'])];
  const bad = { ...other, key: good.key };
  const { port, shownTo } = await start(
    t,
    keyringOf([good, bad, { ...other, names: ['worse.test'], key: 'no PEM' }]),
  );
  for (const servername of ['bad.test', 'worse.test'])
    t.equal(await handshakeError(t, port, { servername }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  t.equal(await shownTo('good.test'), 'DNS:good.test');
});

t.test('another keyring is shown to who comes next, and cuts nobody', async (t) => {
  const [before, after] = [await makePair(['test.localhost']), await makePair(['test.localhost'])];
  const { port, plane } = await start(t, keyringOf([before]));
  const first = await connectTls(t, port);
  plane.adoptKeyring(keyringOf([after]));
  const second = await connectTls(t, port);
  t.not(second.socket.getPeerCertificate().fingerprint256, first.socket.getPeerCertificate().fingerprint256);
  for (const client of [first, second]) t.equal((await exchange(client, GET)).status, 200);
});

/** Whether a second connection is resumed by the ticket of a first one, which may have been somewhere else. */
async function isResumed(
  t: Test,
  first: number,
  second: number,
  options: ConnectionOptions = {},
  name?: string,
) {
  const one = await connectTls(t, first, options);
  const ticket = once(one.socket, 'session');
  await exchange(one, GET);
  const [session] = options.maxVersion === 'TLSv1.2' ? [one.socket.getSession()] : await ticket;
  const other = { ...options, session, ...(name !== undefined && { servername: name }) };
  return (await connectTls(t, second, other)).socket.isSessionReused();
}

t.test('a ticket is good at all that have the same keyring, and for its name alone', async (t) => {
  const pairs = [await makePair(['test.localhost']), await makePair(['other.test'])];
  const [one, other] = [await start(t, keyringOf(pairs)), await start(t, keyringOf(pairs))];
  for (const options of [{}, { maxVersion: 'TLSv1.2' }] as const) {
    t.equal(await isResumed(t, one.port, other.port, options), true);
    t.equal(await isResumed(t, one.port, one.port, options, 'other.test'), false);
  }
  t.match(other.stats().handshakes, { resumed: 2 });
  // Whose certificate changed resumes; whose secret did is asked to begin anew.
  one.plane.adoptKeyring(keyringOf([await makePair(['test.localhost'])]));
  t.equal(await isResumed(t, other.port, one.port), true);
  one.plane.adoptKeyring(keyringOf(pairs, { ticketSecret: 'cd'.repeat(32) }));
  t.equal(await isResumed(t, other.port, one.port), false);
});

t.test(
  'a ClientHello that does not come in time ends, as does a handshake that is not finished',
  async (t) => {
    const clock = new FakeClock();
    const { port, stats } = await start(t, undefined, { headerTimeout: 5_000 }, clock);
    const silent = await connectRaw(t, port);
    const begun = await connectRaw(t, port);
    await eventually('they are there', () => stats().handshaking === 2);
    await clock.advance(4_000);
    await send(begun, await helloOf({ servername: 'test.localhost' }));
    await begun.until((received) => received.length > 100, 'an answer');
    await clock.advance(2_000);
    await silent.untilClosed();
    t.equal(stats().handshaking, 1);
    await clock.advance(9_000);
    await begun.untilClosed();
    t.strictSame(stats().handshakes, { timeout: 2 });
  },
);

t.test('of all connections a quarter may be in a handshake, of which slow ones make room', async (t) => {
  const clock = new FakeClock();
  const { port, stats } = await start(t, undefined, { maxConnections: 40 }, clock);
  const half = recordsOf(helloMessage([serverName('test.localhost')])).subarray(0, 20);
  const all = await Promise.all(Array.from({ length: 10 }, () => connectRaw(t, port)));
  for (const client of all) await send(client, half);
  await eventually('all have begun', () => stats().handshaking === 10);
  t.equal(await handshakeError(t, port), 'ECONNRESET');
  await clock.advance(2_000);
  t.equal((await exchange(await connectTls(t, port), GET)).status, 200, 'the next one is served');
  t.equal(all.filter(({ isClosed }) => isClosed).length, 1);
  t.strictSame(stats().handshakes, { crowded: 2, full: 1 });
});

t.test('who goes away in a handshake leaves nothing behind', async (t) => {
  const { port, stats, plane } = await start(t);
  const before = { ...internalErrors.counts };
  const hello = await helloOf({ servername: 'test.localhost' });
  const ways: ((client: RawClient) => unknown)[] = [
    ({ socket }) => socket.destroy(),
    ({ socket }) => socket.resetAndDestroy(),
    ({ socket }) => socket.end(),
  ];
  for (const sent of [Buffer.alloc(0), hello.subarray(0, 9), hello])
    for (const leave of ways) {
      const client = await connectRaw(t, port);
      await send(client, sent);
      leave(client);
      await eventually('it is gone', () => stats().handshaking === 0);
    }
  t.strictSame(stats().handshakes, { gone: 9 });
  const last = await connectRaw(t, port);
  await send(last, hello);
  await plane.stop(0);
  await last.untilClosed();
  t.strictSame(internalErrors.counts, before, 'and nothing threw');
});

t.test('a plane that stops lets a handshake come to its end, and the request behind it', async (t) => {
  const { port, plane, stats } = await start(t);
  const [raw, other] = [await connectRaw(t, port), await connectRaw(t, port)];
  await eventually('they are there', () => stats().handshaking === 2);
  const stopped = plane.stop(60_000);
  other.socket.destroy();
  const client = await secured(raw.socket);
  const { status, head } = await exchange(client, GET);
  t.equal(status, 200);
  t.match(head, /^Connection: close$/m);
  await client.untilClosed();
  await stopped;
  t.strictSame(stats().handshakes, { gone: 1, full: 1 });
});
