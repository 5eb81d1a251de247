import { type ExecFileException, execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { connectRaw } from '../support/client.ts';
import { FakeClock } from '../support/clock.ts';
import { startProxy } from '../support/proxy.ts';
import { responses } from '../support/responses.ts';

const HELLO = '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03';
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
/** SETTINGS of one value, and HEADERS of the stream 3 without any. */
const REQUEST = '\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d\0\0\0\x01\x05\0\0\0\x03';
const SETTINGS = '\0\0\0\x04\0\0\0\0\0';
/** RST_STREAM of that stream with HTTP_1_1_REQUIRED (13). */
const RESET = '\0\0\x04\x03\0\0\0\0\x03\0\0\0\r';

/** What a program says, be it well or not; undefined where there is none. */
async function run(program: string, ...args: string[]): Promise<string | undefined> {
  const [error, out, err] = await new Promise<[ExecFileException | null, string, string]>((resolve) => {
    const child = execFile(program, args, { timeout: 20_000 }, (...said) => resolve(said));
    child.stdin?.end();
  });
  return error?.code === 'ENOENT' ? undefined : out + err;
}

t.test('who speaks TLS to the http port is answered in words, and has a line of its own', async (t) => {
  const proxy = await startProxy(t, []);
  for (const pieces of [[HELLO], [...HELLO]]) {
    const client = await connectRaw(t, proxy.port);
    for (const piece of pieces) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [answer] = await responses(client, 1);
    t.match(answer, { status: 400, body: /TLS to the http port/ });
  }
  t.match(proxy.entries, [
    { status: 400, error: 'tls-hello', client: '127.0.0.1' },
    { status: 400, error: 'tls-hello' },
  ]);
});

t.test('curl and openssl say at once what is wrong', async (t) => {
  const proxy = await startProxy(t, []);
  const said = [
    await run('curl', '-skS', `https://127.0.0.1:${proxy.port}/`),
    await run('openssl', 's_client', '-connect', `127.0.0.1:${proxy.port}`),
  ];
  for (const text of said) {
    if (text === undefined) t.comment('it is not installed');
    else t.match(text, /wrong version number|packet length too long|record layer failure/);
  }
});

t.test('who speaks HTTP/2 is told to speak HTTP/1.1, in pieces of any size', async (t) => {
  const proxy = await startProxy(t, []);
  const all = PREFACE + REQUEST;
  for (const pieces of [[all], [...all], [PREFACE, REQUEST], [all.slice(0, 16), all.slice(16)]]) {
    const client = await connectRaw(t, proxy.port);
    for (const piece of pieces) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until((received) => received.length >= (SETTINGS + RESET).length, 'the frames');
    client.socket.end();
    t.equal(await client.untilClosed(), SETTINGS + RESET);
  }
  t.match(proxy.entries[0], { status: 505, error: 'http2-preface' });
});

t.test('who says no more than that it speaks HTTP/2 is let go in time', async (t) => {
  const clock = new FakeClock();
  const proxy = await startProxy(t, [], { headerTimeout: 10_000 }, clock);
  const client = await connectRaw(t, proxy.port);
  client.send(PREFACE);
  await client.until((received) => received === SETTINGS, 'the settings');
  for (let i = 0; i < 4; i++) {
    await clock.advance(2_500);
    client.send(REQUEST.slice(0, 15));
  }
  await clock.advance(300);
  await client.untilClosed();
});

t.test('a client of HTTP/2 reads that from it', async (t) => {
  const proxy = await startProxy(t, []);
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
  t.teardown(() => session.destroy());
  session.on('error', () => {});
  const stream = session.request({ ':path': '/' });
  const [error] = await once(stream, 'error');
  t.match(error, { message: /NGHTTP2_HTTP_1_1_REQUIRED/ });
});

t.test('curl takes it for what it is, and asks again in HTTP/1.1', async (t) => {
  const backend = await startBackend(t, 'the page');
  const proxy = await startProxy(t, [{ backends: [backend.port] }]);
  const said = await run(
    'curl',
    '-sS',
    '--http2-prior-knowledge',
    '-H',
    'Host: test.localhost',
    `http://127.0.0.1:${proxy.port}/`,
  );
  if (said === undefined) t.comment('it is not installed');
  else t.equal(said, 'the page');
});
