import t from 'tap';
import { makeService } from '../../src/model/service.ts';
import { startBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { makeBackend } from '../support/exchange.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { makeSnapshot, startProxy } from '../support/proxy.ts';
import { exchange, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const post = (body: string) =>
  `POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

t.test('connections are used again on both sides', async (t) => {
  let connections = 0;
  const backend = await startBackend(t, 'a');
  backend.server.on('connection', () => connections++);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 5; i++) await exchange(client, GET);
  for (let i = 0; i < 5; i++) await exchange(client, post('x'));
  for (let i = 0; i < 5; i++) await ask(proxy.port);
  t.equal(connections, 1);
  t.equal(proxy.plane.stats().clientConnectionsTotal, 6);
  t.match(proxy.plane.stats().backends[`test/${backend.port}`], {
    connectionsOpened: 1,
    requests: 15,
    idle: 1,
  });
});

t.test('a connection that either side wants closed is not used again', async (t) => {
  let connections = 0;
  const backend = await startBackend(t, 'a', (_request, response) => {
    response.setHeader('connection', 'close');
    response.end('x');
  });
  backend.server.on('connection', () => connections++);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 3; i++) t.equal((await exchange(client, GET)).headers['connection'], undefined);
  t.equal(connections, 3, "a backend's close is not the client's");
  client.received = '';
  client.send(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
  t.match(await client.untilClosed(), /\r\nConnection: close\r\n/);
});

t.test('idle connections to a backend close before the backend does it', async (t) => {
  for (const [hint, seconds] of [
    ['', 4],
    ['Keep-Alive: timeout=3', 2],
    ['Keep-Alive: timeout=20, max=5', 19],
    ['Keep-Alive: timeout=1', 0],
  ] as const) {
    const clock = new FakeClock();
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
    const client = await connectRaw(t, proxy.port);
    client.send(GET);
    await backend.head(0);
    const connection = await backend.connection(0);
    connection.send(hint === '' ? okText('x') : okText('x', hint));
    await responses(client, 1);
    if (seconds > 0) {
      await clock.advance(seconds * 1_000 - 200);
      t.equal(connection.isClosed, false, `${hint} is open before ${seconds} s`);
      await clock.advance(400);
    }
    await connection.untilClosed();
    t.pass(`${hint} is closed after ${seconds} s`);
    client.socket.destroy();
  }
});

t.test('a backend that moved is not spoken to where it was', async (t) => {
  const [before, after] = [await startManualBackend(t), await startBackend(t, 'after')];
  const proxy = await startProxy(t, [{ backends: [before.port] }]);
  const at = (version: number, port: number) => {
    const snapshot = makeSnapshot(version, [{ backends: [before.port] }]);
    const backend = makeBackend('a', { address: { host: '127.0.0.1', port } });
    return { ...snapshot, services: [makeService('test', {}, [backend])], health: new Map() };
  };
  proxy.plane.apply(at(10, before.port));
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await before.head(0);
  proxy.plane.apply(at(11, after.port));
  (await before.connection(0)).send(okText('before'));
  t.equal((await responses(client, 1))[0]?.body, 'before', 'what it has it finishes there');
  t.equal((await exchange(client, GET)).body, 'after', 'and that connection is not used again');
});

t.test('a waiting connection that the backend closed is replaced, and nobody is blamed', async (t) => {
  let connections = 0;
  const { port } = await startRawBackend(t, (socket) => {
    const number = ++connections;
    let requests = 0;
    socket.on('data', () => {
      // The first connection answers once, and resets at the second request: it had gone stale.
      if (number === 1 && ++requests === 2) socket.resetAndDestroy();
      else socket.write(okText(String(number)));
    });
  });
  const proxy = await startProxy(t, [{ backends: [port], settings: { retry: { attempts: 0 } } }]);
  const client = await connectRaw(t, proxy.port);
  t.equal((await exchange(client, GET)).body, '1');
  t.equal((await exchange(client, GET)).body, '2');
  t.same(proxy.plane.stats().backends[`test/${port}`]?.failures, {});
  t.equal(proxy.plane.stats().services['test']?.retries, 0);
  t.same(
    proxy.entries.map(({ attempts, error }) => [attempts, error]),
    [
      [1, ''],
      [1, ''],
    ],
  );
});

t.test('only once: one that fails at once as well is a failure', async (t) => {
  let requests = 0;
  const { port } = await startRawBackend(t, (socket) => {
    socket.on('data', () => {
      if (++requests === 1) socket.write(okText('x'));
      else socket.resetAndDestroy();
    });
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  await exchange(client, GET);
  t.equal((await exchange(client, GET)).status, 502);
  t.equal(requests, 3);
  t.same(proxy.plane.stats().backends[`test/${port}`]?.failures, { reset: 1 });
});

t.test('a POST on a connection that had gone stale is not sent again', async (t) => {
  let requests = 0;
  const { port } = await startRawBackend(t, (socket) => {
    socket.on('data', () => {
      if (++requests === 1) socket.write(okText('x'));
      else socket.resetAndDestroy();
    });
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  await exchange(client, GET);
  t.equal((await exchange(client, post('x'))).status, 502);
  t.equal(requests, 2);
});

t.test('surplus bytes after a response reach nobody', async (t) => {
  for (const surplus of [okText('canary'), 'x', '\r\n', 'HTTP/1.1 200 OK\r\n']) {
    for (const isLater of [false, true]) {
      let connections = 0;
      const { port } = await startRawBackend(t, (socket) => {
        connections++;
        socket.on('data', () => {
          socket.write(okText('own') + (isLater ? '' : surplus));
          if (isLater) setImmediate(() => socket.write(surplus));
        });
      });
      const proxy = await startProxy(t, [{ backends: [port] }]);
      const clients = await Promise.all([connectRaw(t, proxy.port), connectRaw(t, proxy.port)]);
      for (const client of clients) {
        t.equal((await exchange(client, GET)).body, 'own');
        if (isLater)
          await eventually('its end', () => proxy.plane.stats().backends[`test/${port}`]?.idle === 0);
      }
      t.equal(connections, 2, 'the connection was not used again');
      t.notMatch(clients.map(({ received }) => received).join(), 'canary');
    }
  }
});

t.test('to a backend that spoke unasked no connection is used again for a minute', async (t) => {
  const clock = new FakeClock();
  let connections = 0;
  let isSound = false;
  const { port } = await startRawBackend(t, (socket) => {
    connections++;
    socket.on('data', () => socket.write(okText('own') + (isSound ? '' : okText('canary'))));
  });
  const proxy = await startProxy(t, [{ backends: [port] }], {}, clock);
  const askThrice = async () => {
    const client = await connectRaw(t, proxy.port);
    for (let i = 0; i < 3; i++) t.equal((await exchange(client, GET)).body, 'own');
  };
  t.equal((await exchange(await connectRaw(t, proxy.port), GET)).body, 'own');
  isSound = true;
  await askThrice();
  t.equal(connections, 4, 'one for each request');
  t.equal(proxy.plane.stats().backends[`test/${port}`]?.failures['unasked'], 1);
  await clock.advance(60_100);
  await askThrice();
  t.equal(connections, 5, 'then one for all');
});
