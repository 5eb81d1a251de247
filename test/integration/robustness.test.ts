import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { ask, connectRaw, type RawClient } from '../support/client.ts';
import { type ManualBackend, okText, startManualBackend } from '../support/manual.ts';
import { startProxy, type TestProxy } from '../support/proxy.ts';
import { untilQuiet } from '../support/quiet.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 8\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

interface Scene {
  readonly client: RawClient;
  readonly backend: ManualBackend;
}

/** Brings client and backend to some point of an exchange. */
type State = (scene: Scene) => Promise<void>;

/** The client has sent something and the backend has answered something; either has arrived. */
function state(request: string, response = ''): State {
  return async ({ client, backend }) => {
    client.send(request);
    if (!request.includes('\r\n\r\n')) return;
    await backend.head(0);
    (await backend.connection(0)).send(response);
    if (response.includes('\r\n\r\n')) await client.until((received) => received !== '', 'an answer');
  };
}

const STATES: Record<string, State> = {
  'before a head': async () => {},
  'within the request line': state('GET /'),
  'within a head': state('GET / HTTP/1.1\r\nHost: te'),
  'before an answer': state(GET),
  'within a body, before an answer': state(`${POST}some`),
  'after a body, before an answer': state(`${POST}somemore`),
  'within a chunk of a body': state(POST.replace('Content-Length: 8', 'Transfer-Encoding: chunked')),
  'within the head of an answer': state(GET, 'HTTP/1.1 200 OK\r\nX: '),
  'after an interim response': state(GET, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
  'within an answer': state(GET, 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome'),
  'within an answer in chunks': state(GET, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nso'),
  'within an answer without a length': state(GET, 'HTTP/1.1 200 OK\r\n\r\nsome'),
  'within an answer while it sends': state(`${POST}some`, 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome'),
  'after an answer': state(GET, okText('x')),
  'after an answer while it sends': state(`${POST}some`, okText('x')),
  'with a request waiting': state(GET + GET, 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome'),
  'after an answer that ends the connection': state(GET.replace('1.1', '1.0'), okText('x')),
  'before the answer to an upgrade': state(`${UPGRADE}early`),
  'after the answer to an upgrade': state(UPGRADE, SWITCH),
  'within an answer instead of an upgrade': state(
    UPGRADE,
    'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsome',
  ),
  'while it takes nothing': async ({ client, backend }) => {
    client.socket.pause();
    client.send(GET);
    await backend.head(0);
    (await backend.connection(0)).send(
      `HTTP/1.1 200 OK\r\nContent-Length: 99000000\r\n\r\n${'x'.repeat(20_000_000)}`,
    );
  },
  'while the backend takes nothing': async ({ client, backend }) => {
    client.send(`${POST.replace('8', '99000000')}${'x'.repeat(20_000_000)}`);
    (await backend.connection(0)).socket.pause();
  },
};

/** Where the end of the client's connection has nothing to end, or waits behind bytes that nobody takes yet. */
const UNHEARD = [
  'after an answer',
  'after an answer that ends the connection',
  'while the backend takes nothing',
];

const WAYS = ['resetAndDestroy', 'destroy', 'end'] as const;

/** After whatever happened: nothing is left of it, and the next request is answered. */
async function checkAfter(
  t: Test,
  proxy: TestProxy,
  { client, backend }: Scene,
  what: string,
): Promise<void> {
  client.socket.destroy();
  for (const connection of backend.connections) connection.socket.destroy();
  await untilQuiet(proxy);
  const answer = await ask(proxy.port, { host: 'sound.localhost' });
  t.equal(answer.body, 'sound', what);
}

for (const [name, reach] of Object.entries(STATES)) {
  t.test(`a client or a backend that breaks off ${name} leaves nothing behind`, async (t) => {
    const sound = await startBackend(t, 'sound');
    for (const side of ['client', 'backend'] as const) {
      for (const way of WAYS) {
        const backend = await startManualBackend(t);
        const settings = { retry: { attempts: 0 } };
        const proxy = await startProxy(t, [
          { backends: [backend.port], settings },
          { name: 'sound', backends: [sound.port], routes: [{ host: 'sound.localhost' }] },
        ]);
        const client = await connectRaw(t, proxy.port);
        const scene = { client, backend };
        await reach(scene);
        const broken = side === 'client' ? client : backend.connections[0];
        broken?.socket[way]();
        if (side === 'client' && !UNHEARD.includes(name)) {
          for (const other of backend.connections) await other.untilClosed();
        }
        await checkAfter(t, proxy, scene, `${side} ${way}`);
      }
    }
  });
}
