import t from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { okText } from '../support/manual.ts';
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
