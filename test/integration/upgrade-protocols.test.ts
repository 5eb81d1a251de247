import type { Socket } from 'node:net';
import t from 'tap';
import { deadPort, startCannedBackend, startRawBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { okText, startManualBackend } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { responses } from '../support/responses.ts';
import { UPGRADE } from '../support/tunnel.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const switchTo = (...lines: string[]) =>
  `HTTP/1.1 101 Go\r\nConnection: Upgrade\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

t.test('a 426 says which protocol is wanted, to whoever did not ask for it', async (t) => {
  const { port } = await startCannedBackend(
    t,
    'HTTP/1.1 426 No\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
  );
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(GET + GET);
  const refused = await connectRaw(t, proxy.port);
  refused.send(UPGRADE);
  for (const answer of [...(await responses(client, 2)), ...(await responses(refused, 1))]) {
    t.equal(answer.status, 426);
    t.equal(answer.headers['upgrade'], 'foo/2');
    t.match(answer.headers['connection'], /\bUpgrade$/);
  }
});

t.test('other responses do not offer what only their own connection could', async (t) => {
  const { port } = await startCannedBackend(
    t,
    'HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n',
  );
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(GET);
  t.notMatch((await responses(client, 1))[0]?.head, /upgrade/i);
});

t.test(
  'a 101 to a protocol that nobody asked for is no answer, and counts against its backend',
  async (t) => {
    for (const lines of [['Upgrade: bar'], ['Upgrade: foo/1, bar'], ['Upgrade: foo/1', 'Upgrade: bar'], []]) {
      const backend = await startManualBackend(t);
      const proxy = await startProxy(t, [{ backends: [backend.port] }]);
      const client = await connectRaw(t, proxy.port);
      client.send(UPGRADE);
      await backend.head(0);
      const connection = await backend.connection(0);
      connection.send(`${switchTo(...lines)}secret`);
      t.match(await responses(client, 1), [{ status: 502 }], lines.join());
      t.notMatch(client.received, /secret|HTTP\/1.1 101/);
      await connection.untilClosed();
      await untilQuiet(proxy);
      t.match(proxy.entries, [{ status: 502, error: 'bad-response' }]);
    }
  },
);

t.test('one of several that were asked for is an answer, in whatever case', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(UPGRADE.replace('Foo/1', 'bar, Foo/1'));
  t.match(await backend.head(0), /^upgrade: bar, foo\/1\r$/im);
  (await backend.connection(0)).send(switchTo('Upgrade: FOO/1'));
  await client.until((received) => received.startsWith('HTTP/1.1 101 '), '101');
});

t.test('the limit of a head holds for what answers an upgrade as for all else', async (t) => {
  const padding = (size: number) => `X: ${'x'.repeat(size)}`;
  const answer = async (maxHeaderSize: number, text: string) => {
    const { port } = await startCannedBackend(t, text);
    const proxy = await startProxy(t, [{ backends: [port] }], { maxHeaderSize });
    const client = await connectRaw(t, proxy.port);
    client.send(UPGRADE);
    return Number((await client.until((text) => text.includes('\r\n\r\n'), 'a head')).slice(9, 12));
  };
  t.equal(await answer(65_536, switchTo('Upgrade: foo/1', padding(40_000))), 101);
  t.equal(await answer(65_536, switchTo('Upgrade: foo/1', padding(70_000))), 502);
  t.equal(await answer(16_384, switchTo('Upgrade: foo/1', padding(20_000))), 502);
  t.equal(await answer(65_536, okText('no', padding(40_000))), 200);
  t.equal(await answer(16_384, okText('no', padding(20_000))), 502);
});

/** As docker's client asks to run something in a container. */
const exec = (...lines: string[]) =>
  `POST /exec HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
const BODY = '{"Tty":false}';

t.test('a request with a body is upgraded once all of it was sent', async (t) => {
  for (const [line, sent, isChunked] of [
    [`Content-Length: ${BODY.length}`, BODY, false],
    ['Transfer-Encoding: chunked', `d\r\n${BODY}\r\n0\r\n\r\n`, true],
  ] as const) {
    for (const step of [1, 5, 1_000]) {
      const backend = await startManualBackend(t);
      const backends = [await deadPort(), { port: backend.port, backup: true }];
      const proxy = await startProxy(t, [{ backends }]);
      const client = await connectRaw(t, proxy.port);
      const text = `${exec(line)}${sent}stdin`;
      for (let at = 0; at < text.length; at += step) {
        client.send(text.slice(at, at + step));
        if (step < 1_000 && at % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      t.match(await backend.head(0), /^POST \/exec HTTP\/1\.1\r\n[\s\S]*^upgrade: tcp\r$/im);
      const connection = await backend.connection(0);
      const read = () => connection.received.slice(connection.received.indexOf('\r\n\r\n') + 4);
      const plain = () => read().replace(/^[0-9a-f]+\r\n([^\r]*)\r\n/gm, '$1');
      const isWhole = () => (isChunked ? read().endsWith('0\r\n\r\n') && plain() : read()) === BODY;
      await connection.until(isWhole, 'the body and nothing else');
      connection.send(`${switchTo('Upgrade: tcp')}stdout`);
      await client.until((received) => received.endsWith('\r\n\r\nstdout'), 'the answer');
      await connection.until((received) => received.endsWith('stdin'), 'what came behind the body');
      client.send(' more');
      await connection.until((received) => received.endsWith('stdin more'), 'the rest');
      client.socket.destroy();
      await connection.untilClosed();
      await untilQuiet(proxy);
      t.match(proxy.entries, [{ status: 101, method: 'POST', bytes: 'stdout'.length, attempts: 2 }]);
      t.match(proxy.plane.stats().services['test']?.upgraded, {
        bytesIn: 'stdin more'.length,
        bytesOut: 'stdout'.length,
      });
    }
  }
});

t.test('a body that is larger than what is kept passes, and no faster than it is taken', async (t) => {
  const size = 40_000_000;
  let seen = 0;
  let backend: Socket | undefined;
  const { port } = await startRawBackend(t, (socket) => {
    backend = socket;
    socket.pause();
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(exec(`Content-Length: ${size}`));
  const body = Buffer.alloc(size);
  client.socket.write(body);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(client.socket.writableLength > 0, 'the client is stopped');
  backend?.on('data', (bytes: Buffer) => {
    seen += bytes.length;
    if (seen > size) backend?.write(switchTo('Upgrade: tcp'));
  });
  backend?.resume();
  await client.until((received) => received.startsWith('HTTP/1.1 101 '), '101');
  t.equal(client.socket.writableLength, 0);
});

t.test('an upgrade that was sent and must not be repeated is not', async (t) => {
  let connections = 0;
  const { port } = await startRawBackend(t, (socket) => {
    connections++;
    socket.once('data', () => socket.resetAndDestroy());
  });
  const proxy = await startProxy(t, [{ backends: [port, { port, name: 'again' }] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${exec(`Content-Length: ${BODY.length}`)}${BODY}`);
  t.match(await responses(client, 1, 'POST'), [{ status: 502 }]);
  t.equal(connections, 1);
});

t.test('a 101 before the end of the request is none', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${exec('Content-Length: 100')}${BODY}`);
  await backend.head(0);
  (await backend.connection(0)).send(switchTo('Upgrade: tcp'));
  t.match(await responses(client, 1, 'POST'), [{ status: 502 }]);
});

t.test('a body that the backend does not want is answered, not lost', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  client.send(`${exec(`Content-Length: ${BODY.length}`)}${BODY}`);
  await backend.head(0);
  (await backend.connection(0)).send(okText('hijacked'));
  t.match(await responses(client, 1, 'POST'), [{ status: 200, body: 'hijacked' }]);
});
