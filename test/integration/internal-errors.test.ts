import { once } from 'node:events';
import t, { type Test } from 'tap';
import { Dialogue } from '../../src/data/http1/dialogue.ts';
import { ResponseRelay } from '../../src/data/http1/response-relay.ts';
import { Failover } from '../../src/data/proxy/failover.ts';
import { Forwarder } from '../../src/data/proxy/forward.ts';
import { ForwardedFields } from '../../src/data/proxy/forwarded.ts';
import { StandIns } from '../../src/data/proxy/stand-ins.ts';
import { ServiceState } from '../../src/data/upstream/service-state.ts';
import { type ErrorOrigin, internalErrors } from '../../src/telemetry/internal-errors.ts';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { exchange, parseResponses } from '../support/responses.ts';
import { openWebSocket, startWebSocketBackend } from '../support/websocket.ts';

type Method = (...args: never[]) => unknown;

/** Lets a method of a class throw whenever that is wanted, for as long as the test runs. */
function breakMethod(t: Test, owner: object, name: string, isWanted: (...args: never[]) => boolean): void {
  const methods = owner as Record<string, Method>;
  const real = methods[name] as Method;
  methods[name] = function (this: unknown, ...args: never[]) {
    if (isWanted(...args)) throw new Error(`injected into ${name}`);
    return real.apply(this, args);
  };
  t.teardown(() => {
    methods[name] = real;
  });
}

/** A proxy before a backend that may have one request at a time. */
async function startLimited(t: Test) {
  const backend = await startBackend(t, 'a', (request, response) => {
    request.resume().on('end', () => response.end(`a${request.url}`));
  });
  const proxy = await startProxy(t, [{ backends: [{ port: backend.port, maxConnections: 1 }] }]);
  return { backend, proxy };
}

const count = (where: ErrorOrigin) => internalErrors.counts[where] ?? 0;

/** Nothing of what broke is held: the only place of the backend is free, and the client's connection is gone. */
async function isAllGivenBack(t: Test, proxy: TestProxy): Promise<void> {
  t.equal((await ask(proxy.port)).body, 'a/', 'others are served');
  await eventually('no connection is left', () => proxy.plane.stats().clientConnections === 0);
  for (const { inFlight } of Object.values(proxy.plane.stats().backends)) t.equal(inFlight, 0);
}

t.test('what throws in the life of a request ends it with 500, and is counted', async (t) => {
  for (const step of ['open', 'onResponse', 'onConnected']) {
    await t.test(step, async (t) => {
      const { proxy } = await startLimited(t);
      const before = count('request');
      let isBroken = true;
      breakMethod(t, Forwarder.prototype, step, () => isBroken);
      t.equal((await ask(proxy.port)).status, 500);
      t.equal(count('request'), before + 1);
      t.match(proxy.entries, [{ status: 500, error: 'internal' }], 'it is logged like any other');
      isBroken = false;
      await isAllGivenBack(t, proxy);
    });
  }
});

t.test('it is cut off when it has been answered', async (t) => {
  const { proxy } = await startLimited(t);
  breakMethod(t, ResponseRelay.prototype, 'body', () => true);
  const client = await connectRaw(t, proxy.port);
  client.send('GET /x HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  t.same(parseResponses(await client.untilClosed(), true), []);
  t.match(proxy.entries, [{ error: 'internal' }]);
  for (const { inFlight } of Object.values(proxy.plane.stats().backends)) t.equal(inFlight, 0);
});

t.test('what throws while bytes of a client are read ends its connection', async (t) => {
  for (const step of ['request', 'body', 'bodyEnded']) {
    await t.test(step, async (t) => {
      const { proxy } = await startLimited(t);
      let isBroken = true;
      breakMethod(t, Dialogue.prototype, step, () => isBroken);
      const client = await connectRaw(t, proxy.port);
      client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 1\r\n\r\nx');
      const [response] = parseResponses(await client.untilClosed());
      t.equal(response?.status, step === 'request' ? undefined : 500);
      isBroken = false;
      await isAllGivenBack(t, proxy);
    });
  }
});

t.test('an attempt that cannot even begin gives its place back', async (t) => {
  const { proxy } = await startLimited(t);
  let isBroken = true;
  breakMethod(t, ForwardedFields.prototype, 'of', () => isBroken);
  t.equal((await ask(proxy.port)).status, 500);
  isBroken = false;
  await isAllGivenBack(t, proxy);
});

t.test('where even the answer breaks, the connection is cut', async (t) => {
  const { proxy } = await startLimited(t);
  let isBroken = true;
  breakMethod(t, Forwarder.prototype, 'onResponse', () => isBroken);
  breakMethod(t, StandIns.prototype, 'errorPage', () => isBroken);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n');
  t.equal(await client.untilClosed(), '');
  isBroken = false;
  await isAllGivenBack(t, proxy);
});

t.test('one who waits for a backend and breaks keeps nobody behind it from being served', async (t) => {
  const waiting: (() => void)[] = [];
  const backend = await startBackend(t, 'a', (request, response) => {
    if (request.url === '/hold') waiting.push(() => response.end('held'));
    else response.end(`a${request.url}`);
  });
  const proxy = await startProxy(t, [{ backends: [{ port: backend.port, maxConnections: 1 }] }]);
  const held = ask(proxy.port, { path: '/hold' });
  await eventually('the first', () => waiting.length === 1);
  let isBroken = true;
  breakMethod(t, Failover.prototype, 'lookAgain', () => {
    const was = isBroken;
    isBroken = false;
    return was;
  });
  const first = ask(proxy.port, { path: '/first' });
  await eventually('one waits', () => proxy.plane.stats().services['test']?.waiting === 1);
  const second = ask(proxy.port, { path: '/second' });
  await eventually('two wait', () => proxy.plane.stats().services['test']?.waiting === 2);
  waiting[0]?.();
  t.equal((await held).body, 'held');
  t.equal((await first).status, 500);
  t.equal((await second).body, 'a/second');
  t.equal(proxy.plane.stats().services['test']?.waiting, 0);
});

t.test('the next request of a connection is no part of the one that finished', async (t) => {
  const { proxy } = await startLimited(t);
  breakMethod(t, ServiceState.prototype, 'pick', ({ path }: { path: string }) => path === '/b');
  const client = await connectRaw(t, proxy.port);
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`;
  client.send(get('/a') + get('/b') + get('/c'));
  await eventually('three answers', () => proxy.entries.length === 3);
  t.match(proxy.entries, [{ status: 200 }, { status: 500, error: 'internal' }, { status: 200 }]);
});

t.test('a log that throws costs no request anything', async (t) => {
  const { proxy } = await startLimited(t);
  const before = count('log');
  proxy.entries.push = () => {
    throw new Error('injected into the log');
  };
  const client = await connectRaw(t, proxy.port);
  for (const path of ['/a', '/b']) {
    const { status } = await exchange(client, `GET ${path} HTTP/1.1\r\nHost: test.localhost\r\n\r\n`);
    t.equal(status, 200);
  }
  t.equal(count('log'), before + 2);
});

t.test('an upgrade that breaks ends, and no other', async (t) => {
  const backend = await startWebSocketBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const other = await openWebSocket(t, proxy.port, '/other');
  let isBroken = true;
  breakMethod(t, Dialogue.prototype, 'detach', () => isBroken);
  const client = await connectRaw(t, proxy.port);
  const lines = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const head = ['GET / HTTP/1.1', 'Host: test.localhost', ...lines, 'Sec-WebSocket-Key: dGhlIHNhbXBsZQ=='];
  client.send(`${head.join('\r\n')}\r\n\r\n`);
  await client.untilClosed();
  isBroken = false;
  other.send('still');
  const [message] = await once(other, 'message');
  t.equal(String(message), 'still');
  await eventually('its place is free', () =>
    Object.values(proxy.plane.stats().backends).every(({ inFlight }) => inFlight === 1),
  );
});
