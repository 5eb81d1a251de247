import { readFile } from 'node:fs/promises';
import t, { type Test } from 'tap';
import type { ServiceSettings } from '../../src/model/service.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { parseResponses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nAccept: text/event-stream\r\n\r\n';
/** More than three times `timeout.idle`. */
const LONG = 200_000;

/** An open stream of that type, of which a first event has come. */
async function openStream(t: Test, type: string, settings: ServiceSettings = {}) {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const service = { backends: [{ port: backend.port, name: 'web-1' }], settings };
  const proxy = await startProxy(t, [service], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  const connection = await backend.connection(0);
  const tell = async (event: string) => {
    connection.send(`${event.length.toString(16)}\r\n${event}\r\n`);
    await client.until((received) => received.endsWith(`${event}\r\n`), 'the event');
  };
  connection.send(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`);
  await client.until((received) => received.endsWith('\r\n\r\n'), 'the head');
  await tell('data: 1');
  return { clock, backend, proxy, client, connection, tell };
}

t.test('an event stream may be silent for as long as it likes, before and between its events', async (t) => {
  for (const type of ['text/event-stream', 'Text/Event-Stream; charset=utf-8']) {
    const { clock, proxy, client, tell } = await openStream(t, type);
    await clock.advance(LONG);
    await tell('data: 2');
    await clock.advance(LONG);
    t.strictSame([client.isClosed, proxy.entries.length], [false, 0], type);
    await tell('data: 3');
  }
});

t.test('so may one of which nothing has come but its head', async (t) => {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  (await backend.connection(0)).send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
  await client.until((received) => received.endsWith('\r\n\r\n'), 'the head');
  await clock.advance(LONG);
  t.equal(client.isClosed, false);
});

t.test('timeout.idle counts for event streams where somebody set it', async (t) => {
  const { clock, proxy, client, tell } = await openStream(t, 'text/event-stream', {
    timeouts: { idleMs: 5_000 },
  });
  await clock.advance(4_000);
  await tell('data: 2');
  await clock.advance(4_000);
  t.equal(client.isClosed, false);
  await clock.advance(1_300);
  t.same(parseResponses(await client.untilClosed(), true), [], 'never a whole response');
  t.match(proxy.entries, [
    {
      status: 200,
      isCut: true,
      error: 'body-stalled',
      detail: 'the response stalled for 5000 ms (fairlead.timeout.idle)',
      backend: 'web-1',
    },
  ]);
});

t.test('any other response that stalls is cut after it, and the log says what to change', async (t) => {
  for (const type of ['text/plain', 'text/event-streams', 'application/text/event-stream']) {
    const { clock, proxy, client } = await openStream(t, type);
    await clock.advance(60_300);
    await client.untilClosed();
    t.match(
      proxy.entries,
      [{ isCut: true, detail: 'the response stalled for 60000 ms (fairlead.timeout.idle)' }],
      type,
    );
  }
});

/** Whether the kernel asks the other end of a connection of this machine whether it is there: its timer, of /proc/net/tcp. */
async function hasKeepAlive(from: number, to: number): Promise<boolean> {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return lines.some(
    ([, local, remote, , , timer]) =>
      local?.endsWith(`:${hex(from)}`) && remote?.endsWith(`:${hex(to)}`) && timer?.startsWith('02'),
  );
}

t.test('the kernel asks both sides of an event stream whether they are there', async (t) => {
  if (process.platform !== 'linux') return t.comment('only Linux tells');
  const { backend, proxy, client, connection } = await openStream(t, 'text/event-stream');
  const backendSide = connection.socket.remotePort ?? 0;
  const clientSide = client.socket.localPort ?? 0;
  // What is still to be acknowledged has the timer for itself.
  const isAsked = async () =>
    (await hasKeepAlive(backendSide, backend.port)) && (await hasKeepAlive(proxy.port, clientSide));
  t.ok(await eventually('both are asked', isAsked));
});

t.test('a stream ends with its client, its backend, and the time of a backend that leaves', async (t) => {
  const gone = await openStream(t, 'text/event-stream');
  gone.client.socket.destroy();
  await eventually('its close', () => gone.client.isClosed);
  // It may listen still: that shows when nothing comes for a while.
  await gone.clock.advance(5_000);
  await gone.connection.untilClosed();
  t.match(gone.proxy.entries, [{ error: 'client-gone' }]);
  const broken = await openStream(t, 'text/event-stream');
  broken.connection.socket.resetAndDestroy();
  await broken.client.untilClosed();
  t.match(broken.proxy.entries, [{ error: 'reset', isCut: true }]);
  const left = await openStream(t, 'text/event-stream', { drainMs: 10_000 });
  left.proxy.apply({ backends: [], settings: { drainMs: 10_000 } });
  await left.clock.advance(9_900);
  t.equal(left.client.isClosed, false);
  await left.clock.advance(200);
  await left.client.untilClosed();
  t.match(left.proxy.entries, [{ status: 200, isCut: true, error: 'drain-over', detail: /fairlead\.drain/ }]);
});

t.test(
  'a client that takes nothing of a stream is cut in time, and told apart from one that left',
  async (t) => {
    const { clock, proxy, client, connection } = await openStream(t, 'text/event-stream');
    client.socket.pause();
    const piece = 'x'.repeat(65_536);
    for (let i = 0; i < 400; i++) connection.send(`${piece.length.toString(16)}\r\n${piece}\r\n`);
    await eventually('a halt', () => connection.socket.writableLength > 0);
    await clock.advance(1_000);
    await clock.advance(60_300);
    t.match(proxy.entries, [{ error: 'client-stalled', isCut: true, detail: /body-timeout/ }]);
  },
);
