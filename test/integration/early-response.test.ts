import t from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { parseResponses } from '../support/responses.ts';

const BODY = 'no'.repeat(100_000);

t.test('a client that is still sending reads the whole of an early response', async (t) => {
  // Answers the head, and reads nothing of the body.
  const backend = await startRawBackend(t, (socket) => {
    socket.once('data', () => {
      socket.pause();
      socket.write(okText(BODY).replace('200 OK', '413 Content Too Large'));
    });
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  const request = 'POST /upload HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 50000000\r\n\r\n';
  const inside = 'GET /smuggled HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
  client.send(request);
  // It goes on until it has been told: what it sends looks like requests, which it is not.
  for (let sent = 0; sent < 400 && !client.isClosed; sent++) {
    client.send(inside.repeat(500));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.until((received) => received.endsWith('nono'), 'the end of the response');
  await client.untilClosed();
  const [response, ...more] = parseResponses(client.received, true);
  t.match(response, { status: 413, headers: { connection: 'close' }, body: BODY });
  t.equal(more.length, 0);
  t.match(proxy.entries, [{ method: 'POST', target: '/upload', status: 413 }]);
  t.equal(proxy.entries.length, 1);
  const [state] = Object.values(proxy.plane.stats().backends);
  t.match(state, { idle: 0, inFlight: 0 }, 'the connection to the backend is not used again');
});

t.test('an upload that is answered at once lasts for as long as its bytes are taken', async (t) => {
  const clock = new FakeClock();
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }], {}, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(
    'PUT /live HTTP/1.1\r\nHost: test.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n',
  );
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  await client.until((received) => received.endsWith('\r\n\r\n'), 'the head');
  // Five times half of `timeout.idle`, in which the backend says nothing.
  for (let i = 0; i < 5; i++) {
    client.send(`4\r\nmore\r\n`);
    const heard = () => connection.received.split('more').length - 1;
    await eventually('is it taken?', () => heard() === i + 1);
    await clock.advance(30_000);
  }
  t.equal(client.isClosed, false);
  await clock.advance(60_300);
  await client.untilClosed();
  t.match(proxy.entries, [{ error: /body-(?:stalled|timeout)/ }], 'until neither side says anything');
});
