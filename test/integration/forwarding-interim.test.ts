import t from 'tap';
import { startBackend, startCannedBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, parseResponses, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n';

t.test('early hints reach the client before the response, as they came', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  await backend.head(0);
  const connection = await backend.connection(0);
  connection.send(HINTS);
  t.equal(await client.until((received) => received.endsWith('\r\n\r\n'), 'hints'), HINTS);
  connection.send(`${HINTS}${okText('x')}`);
  await responses(client, 1);
  t.same(
    parseResponses(client.received).map(({ status }) => status),
    [103, 103, 200],
  );
});

t.test('hints and the response may come in one piece, and the connection stays', async (t) => {
  const { port } = await startCannedBackend(t, HINTS + HINTS + okText('x'));
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  for (let i = 0; i < 3; i++) t.equal((await exchange(client, GET)).body, 'x');
});

t.test('HTTP/1.0 knows no hints and gets none', async (t) => {
  const { port } = await startCannedBackend(t, HINTS + okText('x'));
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('GET / HTTP/1.0\r\nHost: test.localhost\r\n\r\n');
  t.same(
    parseResponses(await client.untilClosed(), true).map(({ status }) => status),
    [200],
  );
});

t.test("whether a body may be sent is the backend's to say", async (t) => {
  const backend = await startBackend(t, 'a');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('POST / HTTP/1.1\r\nHost: test.localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  const interim = await client.until((received) => received.includes('\r\n\r\n'), 'an interim response');
  t.equal(parseResponses(interim)[0]?.status, 100);
  t.equal(backend.requests[0]?.headers.expect, '100-continue');
  client.send('hello');
  t.match(await responses(client, 1), [{ status: 200, body: 'a' }]);
  client.received = '';
  t.equal((await exchange(client, GET)).status, 200, 'and the connection stays');
});

t.test('a backend that will not have the body says so, and the connection ends', async (t) => {
  const backend = await startBackend(t, 'a');
  backend.server.on('checkContinue', (_request, response) => {
    response.writeHead(413, { 'content-length': 4 });
    response.end('much');
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(
    'PUT / HTTP/1.1\r\nHost: test.localhost\r\nExpect: 100-continue\r\nContent-Length: 5000000\r\n\r\n',
  );
  const [response] = parseResponses(await client.untilClosed(), true);
  t.match(response, { status: 413, body: 'much', headers: { connection: 'close' } });
});

t.test('100-continue is passed although a retry came before it', async (t) => {
  const [first, second] = [await startManualBackend(t), await startManualBackend(t)];
  const settings = { retry: { methods: ['PUT'] } };
  const proxy = await startProxy(t, [{ settings, backends: [first.port, second.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send('PUT / HTTP/1.1\r\nHost: test.localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  await first.head(0);
  (await first.connection(0)).socket.resetAndDestroy();
  await second.head(0);
  const connection = await second.connection(0);
  connection.send('HTTP/1.1 100 Continue\r\n\r\n');
  await client.until((received) => received.startsWith('HTTP/1.1 100 '), '100');
  client.send('hello');
  await connection.until((received) => received.endsWith('hello'), 'the body');
  connection.send(okText('thanks'));
  t.match(await responses(client, 1), [{ status: 200, body: 'thanks' }]);
});

t.test('nobody switches protocols unasked', async (t) => {
  const { port } = await startCannedBackend(t, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n');
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  t.equal((await exchange(client, GET)).status, 502);
});
