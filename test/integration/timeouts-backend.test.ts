import { once } from 'node:events';
import t, { type Test } from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { startBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { parseResponses, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 1\r\n\r\nx';

/** A proxy whose time the test moves, with a client and backends that do nothing by themselves. That is no hang here. */
async function makeScene(t: Test, given: ServiceSettings, count = 1) {
  const settings: ServiceSettings = { hedge: 'off', ...given };
  const clock = new FakeClock();
  const backends = await Promise.all(Array.from({ length: count }, () => startManualBackend(t)));
  const proxy = await startProxy(t, [{ backends: backends.map(({ port }) => port), settings }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  const failures = () => Object.values(proxy.plane.stats().backends).map((stats) => stats.failures);
  return { clock, backends, proxy, client, failures };
}

t.test('a backend that does not answer in time is given up, and the client is told', async (t) => {
  const { clock, backends, client, failures } = await makeScene(t, {
    timeouts: { responseMs: 5_000 },
    retry: { attempts: 0 },
  });
  client.send(POST);
  await backends[0]?.head(0);
  await clock.advance(4_800);
  t.equal(client.received, '');
  await clock.advance(400);
  t.equal((await responses(client, 1))[0]?.status, 504);
  await (await backends[0]?.connection(0))?.untilClosed();
  t.same(failures(), [{ 'response-timeout': 1 }]);
});

t.test('then another is asked, if asking twice does no harm and there is time left', async (t) => {
  for (const [request, statuses] of [
    [GET, [200]],
    [POST, [504]],
    [POST.replace('POST', 'PUT'), [504]],
  ] as const) {
    const settings = { timeouts: { responseMs: 60_000 }, retry: { timeoutMs: 5_000 } };
    const { clock, backends, client } = await makeScene(t, settings, 2);
    client.send(request);
    await backends[0]?.head(0);
    await clock.advance(5_200);
    if (request === GET) {
      await backends[1]?.head(0);
      (await backends[1]?.connection(0))?.send(okText('x'));
    }
    t.same(
      (await responses(client, 1)).map(({ status }) => status),
      statuses,
    );
    t.equal(backends[1]?.connections.length, request === GET ? 1 : 0);
  }
});

t.test(
  'a request that takes longer than a response may runs on one backend and is told in that time',
  async (t) => {
    const { clock, backends, client } = await makeScene(t, { timeouts: { responseMs: 60_000 } }, 2);
    client.send(GET);
    await backends[0]?.head(0);
    await clock.advance(60_200);
    t.equal((await responses(client, 1))[0]?.status, 504);
    t.equal(backends[1]?.connections.length, 0);
  },
);

t.test(
  'a second attempt beside it adds nothing to that time, and the log says which option it is',
  async (t) => {
    // Silent for long, the only other backend is tried, too.
    const { clock, backends, client, proxy } = await makeScene(t, { hedge: 'hang' }, 2);
    client.send(GET);
    await backends[0]?.head(0);
    await clock.advance(40_000);
    await backends[1]?.head(0);
    await clock.advance(20_300);
    t.equal((await responses(client, 1))[0]?.status, 504);
    t.match(proxy.entries, [
      {
        error: 'response-timeout',
        attempts: 2,
        detail: 'no response within 60000 ms (fairlead.timeout.response)',
      },
    ]);
    for (const backend of backends) await (await backend.connection(0)).untilClosed();
  },
);

t.test('one try may have less time than the response', async (t) => {
  const settings = { timeouts: { responseMs: 60_000 }, retry: { timeoutMs: 1_000, attempts: 1 } };
  const { clock, backends, client } = await makeScene(t, settings, 3);
  client.send(GET);
  await backends[0]?.head(0);
  await clock.advance(1_200);
  await eventually('the second try', () =>
    backends.slice(1).some(({ connections }) => connections.length > 0),
  );
  await clock.advance(0);
  await eventually(
    'its head',
    () => backends.flatMap(({ connections }) => connections).filter(({ received }) => received).length === 2,
  );
  await clock.advance(1_200);
  t.equal((await responses(client, 1))[0]?.status, 504);
});

t.test('a policy may leave late answers at that', async (t) => {
  const settings = {
    timeouts: { responseMs: 1_000 },
    retry: { on: { reset: true, timeout: false, status: [] } },
  };
  const { clock, backends, client } = await makeScene(t, settings, 2);
  client.send(GET);
  await backends[0]?.head(0);
  await clock.advance(1_200);
  t.equal((await responses(client, 1))[0]?.status, 504);
  t.equal(backends[1]?.connections.length, 0);
});

t.test('a response that stops coming is cut off, one that keeps coming is not', async (t) => {
  const { clock, backends, client, proxy } = await makeScene(t, { timeouts: { idleMs: 5_000 } });
  client.send(GET);
  await backends[0]?.head(0);
  const connection = await backends[0]?.connection(0);
  connection?.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (let i = 0; i < 3; i++) {
    connection?.send(`1\r\n${i}\r\n`);
    await client.until((received) => received.endsWith(`${i}\r\n`), 'the chunk');
    await clock.advance(4_500);
  }
  t.equal(client.isClosed, false);
  await clock.advance(1_000);
  t.same(parseResponses(await client.untilClosed(), true), [], 'never a whole response');
  t.match(proxy.entries, [{ status: 200, error: 'body-stalled' }]);
});

t.test('the whole exchange may be limited, whatever it is doing', async (t) => {
  const settings = { timeouts: { requestMs: 10_000 } };
  const waiting = await makeScene(t, settings, 2);
  waiting.client.send(GET);
  await waiting.backends[0]?.head(0);
  await waiting.clock.advance(9_800);
  t.equal(waiting.client.received, '');
  await waiting.clock.advance(400);
  t.equal((await responses(waiting.client, 1))[0]?.status, 504);
  t.equal(waiting.backends[1]?.connections.length, 0, 'and it is not tried again');
  const begun = await makeScene(t, settings);
  begun.client.send(GET);
  await begun.backends[0]?.head(0);
  (await begun.backends[0]?.connection(0))?.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome');
  await begun.client.until((received) => received.endsWith('some'), 'a beginning');
  await begun.clock.advance(10_200);
  t.same(parseResponses(await begun.client.untilClosed(), true), []);
  await (await begun.backends[0]?.connection(0))?.untilClosed();
});

t.test('an exchange that ends in time is not limited any more', async (t) => {
  const { clock, backends, client } = await makeScene(t, { timeouts: { requestMs: 1_000 } });
  client.send(GET);
  await backends[0]?.head(0);
  (await backends[0]?.connection(0))?.send(okText('x'));
  await responses(client, 1);
  await clock.advance(3_000);
  t.equal(client.isClosed, false);
});

t.test('a client that sends slowly is not the backend’s fault', async (t) => {
  const clock = new FakeClock();
  const backend = await startBackend(t, 'a');
  const settings = { timeouts: { idleMs: 1_000, responseMs: 1_000 } };
  const proxy = await startProxy(t, [{ backends: [backend.port], settings }], { minBodyRate: 0 }, clock);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 4\r\n\r\n');
  await once(backend.server, 'request');
  for (const byte of 'slow') {
    await clock.advance(20_000);
    client.send(byte);
    await clock.advance(0);
  }
  t.equal((await responses(client, 1))[0]?.status, 200);
});

t.test('a backend that takes nothing of an upload is given up', async (t) => {
  const { clock, backends, client, failures } = await makeScene(t, { timeouts: { idleMs: 5_000 } });
  client.send(
    `POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 50000000\r\n\r\n${'x'.repeat(40_000_000)}`,
  );
  const connection = await backends[0]?.connection(0);
  connection?.socket.pause();
  await eventually('a halt', () => client.socket.writableLength > 0);
  await clock.advance(1_000);
  await clock.advance(5_200);
  t.equal((await responses(client, 1))[0]?.status, 504);
  t.same(failures(), [{ 'body-stalled': 1 }]);
});
