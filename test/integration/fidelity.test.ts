import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import fc from 'fast-check';
import t from 'tap';
import { startBackend, startCannedBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { okText, startManualBackend, startMirror } from '../support/manual.ts';
import { Pattern, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { exchange, responses } from '../support/responses.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const SIZE = 100_000_000;

/** The hash of all that a stream gives to a reader that stops again and again. */
function slowHash(stream: Readable): Promise<string> {
  const hash = createHash('sha256');
  let next = 10_000_000;
  let read = 0;
  stream.on('data', (bytes: Buffer) => {
    hash.update(bytes);
    read += bytes.length;
    if (read < next) return;
    next += 10_000_000;
    stream.pause();
    setTimeout(() => stream.resume(), 20);
  });
  return once(stream, 'end').then(() => hash.digest('hex'));
}

/** Of the first bytes of a pattern. */
function patternHash(pattern: Pattern, size: number): string {
  const hash: Hash = createHash('sha256');
  for (let at = 0; at < size; ) {
    const bytes = pattern.slice(at, size - at);
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest('hex');
}

t.test(
  '100 MB come through whole to readers that stop and go, in both directions and framings',
  async (t) => {
    const [up, down] = [new Pattern(), new Pattern()];
    const [upHash, downHash] = [patternHash(up, SIZE), patternHash(down, SIZE)];
    const backend = await startBackend(t, 'a', async (request, response) => {
      response.setHeader('x-upload', await slowHash(request));
      if (request.headers['content-length'] !== undefined) response.setHeader('content-length', SIZE);
      await produce(response, down, SIZE).done;
      response.end();
    });
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    for (const framing of [{ 'content-length': SIZE }, { 'transfer-encoding': 'chunked' }]) {
      const headers = { host: 'test.localhost', ...framing };
      const upload = request({ port: proxy.port, method: 'POST', agent: false, headers });
      const answered = once(upload, 'response');
      await produce(upload, up, SIZE).done;
      upload.end();
      const [response]: IncomingMessage[] = await answered;
      if (response === undefined) throw new Error('no response');
      t.equal(response.headers['x-upload'], upHash, `up, ${Object.keys(framing)}`);
      t.equal(await slowHash(response), downHash, `down, ${Object.keys(framing)}`);
      t.equal(response.complete, true);
    }
  },
);

t.test('an event reaches the client before the next is sent, in whatever framing', async (t) => {
  for (const framing of ['Transfer-Encoding: chunked\r\n', '', 'Content-Length: 9999\r\n']) {
    const backend = await startManualBackend(t);
    const proxy = await startProxy(t, [{ backends: [backend.port] }]);
    const client = await connectRaw(t, proxy.port);
    client.send(GET);
    await backend.head(0);
    const connection = await backend.connection(0);
    connection.send(`HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${framing}\r\n`);
    await client.until((received) => received.includes('\r\n\r\n'), 'the head, before any event');
    for (let i = 0; i < 100; i++) {
      const event = `id: ${i}\ndata: \xe9vent ${i}\n\n`;
      const chunk = framing.startsWith('T') ? `${event.length.toString(16)}\r\n${event}\r\n` : event;
      connection.send(chunk);
      await client.until((received) => received.includes(event), `event ${i}`);
    }
    t.pass(`100 events, one after the other, with ${JSON.stringify(framing)}`);
  }
});

t.test('request and response may take turns, byte for byte, before either is whole', async (t) => {
  const backend = await startBackend(t, 'echo', (request, response) => {
    response.flushHeaders();
    request.pipe(response);
  });
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const talk = request({
    port: proxy.port,
    method: 'POST',
    agent: false,
    headers: { host: 'test.localhost' },
  });
  const answered = once(talk, 'response');
  talk.flushHeaders();
  const [response]: IncomingMessage[] = await answered;
  if (response === undefined) throw new Error('no response');
  for (let i = 0; i < 100; i++) {
    talk.write(`message ${i}`);
    const [bytes] = await once(response, 'data');
    t.equal(String(bytes), `message ${i}`);
  }
  talk.end();
  await once(response.resume(), 'end');
});

t.test('large cookies come through unchanged, those of the client and those of the backend', async (t) => {
  const cookie = (name: string, size: number) => `${name}=${name.repeat(Math.floor(size / name.length))}`;
  const sent = ['session', 'tracking', 'preferences'].map((name) => cookie(name, 4_000)).join('; ');
  const mirror = await startMirror(t);
  const proxy = await startProxy(t, [{ backends: [mirror.port] }]);
  const client = await connectRaw(t, proxy.port);
  const { body } = await exchange(client, GET.replace('\r\n\r\n', `\r\nCookie: ${sent}\r\n\r\n`));
  t.ok(body.includes(`\r\nCookie: ${sent}\r\n`));
  const set = Array.from(
    { length: 12 },
    (_, i) => `Set-Cookie: ${cookie(`c${i}`, 1_100)}; Path=/${i}; HttpOnly`,
  );
  const setting = await startCannedBackend(t, okText('x', ...set));
  const other = await startProxy(t, [{ backends: [setting.port] }]);
  const { head } = await exchange(await connectRaw(t, other.port), GET);
  t.same(head.match(/^Set-Cookie: .*$/gm), set, 'each on its own line, in order');
});

t.test('a HEAD, a 204 and a 304 have no body, whatever their headers speak of', async (t) => {
  for (const [method, answer] of [
    ['HEAD', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nETag: "x"\r\n\r\n'],
    ['HEAD', 'HTTP/1.1 200 OK\r\nETag: "x"\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\nETag: "x"\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\n'],
    ['DELETE', 'HTTP/1.1 204 No Content\r\nETag: "x"\r\n\r\n'],
  ] as const) {
    const { port } = await startCannedBackend(t, answer);
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const client = await connectRaw(t, proxy.port);
    for (let i = 0; i < 3; i++) {
      const response = await exchange(client, GET.replace('GET', method), method);
      t.match(
        response,
        { body: '', headers: { etag: '"x"', connection: undefined } },
        `${method}, ${answer}`,
      );
    }
    t.equal(proxy.plane.stats().backends[`test/${port}`]?.connectionsOpened, 1, 'all on one connection');
  }
});

/** Header lines as clients and backends may write them, but for names that mean something to a proxy. */
const lines = fc.array(
  fc
    .tuple(
      fc.stringMatching(/^[A-WYZa-wyz][A-Za-z0-9!#$%&'*+.^`|~-]{0,20}$/),
      fc.constantFrom(':', ': ', ':\t', ':   '),
      fc.stringMatching(/^[\t\x20-\x7e\x80-\xff]{0,60}$/),
    )
    .filter(([name]) => !MEANINGFUL.test(name))
    .map(([name, colon, value]) => `${name}${colon}${value}`),
  { maxLength: 30 },
);
const MEANINGFUL =
  /^(?:host|connection|content-length|transfer-encoding|te|trailer|expect|upgrade|keep-alive|proxy.*|forwarded|date)$/i;

t.test('headers of every kind keep their order, case, number and bytes in both directions', async (t) => {
  const backend = await startManualBackend(t);
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const client = await connectRaw(t, proxy.port);
  await fc.assert(
    fc.asyncProperty(lines, lines, async (sent, answered) => {
      client.received = '';
      const connection = backend.connections[0];
      if (connection !== undefined) connection.received = '';
      client.send(`${['GET / HTTP/1.1', ...sent, 'Host: test.localhost'].join('\r\n')}\r\n\r\n`);
      const received = (await backend.head(0)).split('\r\n');
      t.same(received.slice(1, sent.length + 1), sent);
      (await backend.connection(0)).send(okText('x', ...answered));
      const [response] = await responses(client, 1);
      t.same(response?.head.split('\r\n').slice(1, answered.length + 1), answered);
      if (!t.passing()) throw new Error('changed');
    }),
    { numRuns: 200, seed: 9_112 },
  );
});
