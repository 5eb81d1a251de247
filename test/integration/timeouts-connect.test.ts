import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';
import { startUnreachable } from '../support/unreachable.ts';

const request = (method: string) =>
  `${method} / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 4\r\n\r\nbody`;
const UPGRADE = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

t.test('a backend to which no connection comes about is given up in time', async (t) => {
  const port = await startUnreachable(t);
  if (port === undefined) {
    t.comment('no such backend can be made here');
    return;
  }
  const clock = new FakeClock();
  const proxy = await startProxy(
    t,
    [{ backends: [port], settings: { timeouts: { connectMs: 3_000 } } }],
    {},
    clock,
  );
  const stats = () => proxy.plane.stats().backends[`test/${port}`];
  for (const [index, text] of [request('POST'), UPGRADE].entries()) {
    const client = await connectRaw(t, proxy.port);
    client.send(text);
    await eventually('the try', () => stats()?.inFlight === 1);
    await clock.advance(2_800);
    t.equal(client.received, '');
    await clock.advance(400);
    t.equal((await responses(client, 1))[0]?.status, 504);
    t.match(stats(), { inFlight: 0, failures: { 'connect-timeout': index + 1 } });
  }
});

t.test('then another is asked, whatever the method, with the whole body', async (t) => {
  const port = await startUnreachable(t);
  if (port === undefined) {
    t.comment('no such backend can be made here');
    return;
  }
  const backend = await startBackend(t, 'alive', (incoming, response) => {
    let body = '';
    incoming
      .on('data', (bytes) => (body += bytes))
      .on('end', () => response.end(`${incoming.method} ${body}`));
  });
  const clock = new FakeClock();
  // Or the second one would not be tried there.
  const settings = { eject: { failures: 0 } };
  const proxy = await startProxy(t, [{ backends: [port, backend.port], settings }], {}, clock);
  for (const method of ['POST', 'PUT']) {
    const client = await connectRaw(t, proxy.port);
    client.send(request(method));
    await eventually('the try', () => proxy.plane.stats().backends[`test/${port}`]?.inFlight === 1);
    await clock.advance(2_500);
    t.equal((await responses(client, 1))[0]?.body, `${method} body`);
    // The other one's turn.
    client.received = '';
    client.send(request('GET'));
    await responses(client, 1);
  }
});

t.test('a large upload goes on after a try that did not connect', async (t) => {
  const port = await startUnreachable(t);
  if (port === undefined) {
    t.comment('no such backend can be made here');
    return;
  }
  const backend = await startBackend(t, 'alive', (incoming, response) => {
    let size = 0;
    incoming.on('data', (bytes) => (size += bytes.length)).on('end', () => response.end(String(size)));
  });
  const clock = new FakeClock();
  const proxy = await startProxy(t, [{ backends: [backend.port, port] }], {}, clock);
  // A connection to the backend that answers waits: what it is sent is taken at once.
  await ask(proxy.port);
  const client = await connectRaw(t, proxy.port);
  client.send(
    `POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`,
  );
  await eventually('the try', () => proxy.plane.stats().backends[`test/${port}`]?.inFlight === 1);
  await clock.advance(2_500);
  t.equal((await responses(client, 1))[0]?.body, '3000000');
});
