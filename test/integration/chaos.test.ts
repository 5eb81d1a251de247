import { METHODS } from 'node:http';
import t, { type Test } from 'tap';
import { startBackend, startRawBackend } from '../support/backend.ts';
import { ask, connectRaw, reset } from '../support/client.ts';
import { okText } from '../support/manual.ts';
import { startProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';
import { seededRandom } from '../support/random.ts';
import { parseResponses } from '../support/responses.ts';

const random = seededRandom(2_026);
const oneOf = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhi';

const ANSWERS = [
  okText('fine'),
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n',
  'HTTP/1.1 204 No Content\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine',
  SWITCHING,
  `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}`,
  'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort',
  'HTTP/1.1 200 OK\r\n\r\nuntil the end',
  'nonsense',
  '',
];

/** A backend that does anything, at any time. */
function startWildBackend(t: Test): Promise<{ readonly port: number }> {
  return startRawBackend(t, (socket) => {
    if (random() < 0.1) reset(socket);
    socket.on('data', (chunk) => {
      // Few requests are for an upgrade, and few of their clients stay until it is answered.
      const isUpgrade = random() < 0.5 && chunk.includes('Upgrade');
      const answer = isUpgrade ? SWITCHING : oneOf(ANSWERS);
      socket.write(
        answer.slice(0, random() < 0.7 ? undefined : Math.floor(random() * answer.length)),
        'latin1',
      );
      const after = random();
      if (after < 0.1) reset(socket);
      else if (after < 0.2) socket.destroy();
      else if (after < 0.4) socket.end();
    });
  });
}

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n',
  'HEAD / HTTP/1.1\r\nHost: test.localhost\r\n\r\n',
  'GET / HTTP/1.0\r\nHost: test.localhost\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 5\r\n\r\nhello',
  `PUT / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`,
  'PUT / HTTP/1.1\r\nHost: test.localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: test.localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello',
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
];

async function runWildClient(t: Test, port: number): Promise<void> {
  const client = await connectRaw(t, port);
  for (let i = 0; i < 6 && !client.isClosed; i++) {
    const request = oneOf(REQUESTS).repeat(random() < 0.3 ? 3 : 1);
    const cut = random() < 0.8 ? request.length : Math.floor(random() * request.length);
    for (let at = 0; at < cut; ) {
      const end = random() < 0.5 ? cut : Math.min(cut, at + 1 + Math.floor(random() * 5_000));
      client.send(request.slice(at, end));
      at = end;
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (random() < 0.15) client.socket.pause();
    if (random() < 0.15) client.socket.resume();
    await new Promise((resolve) => setTimeout(resolve, random() * 5));
  }
  const leave = random();
  if (leave < 0.3) reset(client.socket);
  else if (leave < 0.6) client.socket.end();
  setTimeout(() => client.socket.destroy(), 20);
}

t.test('whatever clients and backends do, nothing is left of it, and others are served', async (t) => {
  const sound = await startBackend(t, 'sound');
  const wild = await Promise.all(Array.from({ length: 3 }, () => startWildBackend(t)));
  // A backend that says nothing, or stops, is waited for no longer than this.
  const timeouts = { responseMs: 300, idleMs: 300 };
  const settings = { retry: { on: { reset: true, timeout: true, status: [[500, 599]] as const } }, timeouts };
  const test = (count: number) => ({ backends: wild.slice(0, count).map(({ port }) => port), settings });
  const other = { name: 'sound', backends: [sound.port], routes: [{ host: 'sound.localhost' }] };
  const proxy = await startProxy(t, [test(3), other]);
  const statuses = () => new Set(proxy.entries.map(({ status }) => status));
  const wanted = [200, 101, 404, 502];
  // What happens is chance; it goes on until the most important has.
  for (
    let round = 0;
    round < 12 || (round < 60 && !wanted.every((status) => statuses().has(status)));
    round++
  ) {
    await Promise.all(Array.from({ length: 25 }, () => runWildClient(t, proxy.port)));
    // Backends come and go meanwhile.
    proxy.apply(test(1 + (round % 3)), other);
  }
  proxy.apply(test(3), other);
  await untilQuiet(proxy);
  t.equal((await ask(proxy.port, { host: 'sound.localhost' })).body, 'sound');
  t.ok(
    wanted.every((status) => statuses().has(status)),
    [...statuses()].join(),
  );
});

t.test('no mutation of a request is understood by a backend otherwise than by the proxy', async (t) => {
  const problems: string[] = [];
  const backend = await startBackend(t, 'a', (request, response) => {
    request.resume().on('end', () => response.end('ok'));
  });
  let unknownMethods = 0;
  backend.server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'HPE_INVALID_METHOD') unknownMethods++;
    // A request that its client cuts off is cut off here, and that is all that may be wrong with it.
    else if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_EOF_STATE')
      problems.push(String(error));
    socket.destroy();
  });
  const soon = { headerTimeout: 300, bodyTimeout: 300, idleTimeout: 300 };
  const proxy = await startProxy(t, [{ backends: [backend.port], routes: [{ host: '*' }] }], soon);
  for (let round = 0; round < 15; round++) {
    await Promise.all(Array.from({ length: 100 }, () => sendMutant(t, proxy.port)));
  }
  t.same(problems, []);
  await untilQuiet(proxy);
  const forwarded = proxy.entries.filter(({ backend: name }) => name !== '');
  t.ok(backend.requests.length <= forwarded.length, `${backend.requests.length} of ${forwarded.length}`);
  const unknown = forwarded.filter(({ method }) => !METHODS.includes(method));
  t.equal(unknownMethods, unknown.length, 'the backend reads every method where the proxy does');
  t.ok(forwarded.length > 500, 'and many are understood');
});

const MEANINGFUL = [
  '\r',
  '\n',
  '\r\n',
  '\0',
  ':',
  ',',
  ' ',
  '\t',
  '\x0b',
  '\x85',
  '0',
  'chunked',
  '_',
  ';',
  '-',
  '+',
];

/** Sends a request with one place changed, and another behind it; what comes back must be responses. */
async function sendMutant(t: Test, port: number): Promise<void> {
  const request = oneOf(REQUESTS.filter((text) => text.length < 1_000 && !text.includes('Upgrade')));
  // Not within the method: the backend's parser knows only some, while any token is one.
  const from = request.indexOf(' ') + 1;
  const at = from + Math.floor(random() * (request.length - from));
  const kind = random();
  const inserted = kind < 0.3 ? '' : oneOf(MEANINGFUL);
  const mutant = request.slice(0, at) + inserted + request.slice(kind < 0.6 ? at + 1 : at);
  const client = await connectRaw(t, port);
  client.send(`${mutant}GET /canary HTTP/1.1\r\nHost: test.localhost\r\nConnection: close\r\n\r\n`);
  const received = await client.untilClosed();
  parseResponses(received, true, mutant.startsWith('HEAD ') ? 'HEAD' : 'GET');
}
