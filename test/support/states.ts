import type { RawClient } from './client.ts';
import { type ManualBackend, okText } from './manual.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 8\r\n\r\n';
const UPGRADE = 'GET / HTTP/1.1\r\nHost: test.localhost\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n';

/** A client and the backend that its requests reach. */
export interface Scene {
  readonly client: RawClient;
  readonly backend: ManualBackend;
}

/** Brings client and backend to some point of an exchange. */
export type State = (scene: Scene) => Promise<void>;

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

/** The states of an exchange and its connections in which either side may break off. */
export const STATES: Record<string, State> = {
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
  'after an answer to what is no request': async ({ client }) => {
    client.send('nonsense\r\n\r\n');
    await client.until((received) => received.includes('400'), 'the refusal');
  },
  'within a message of another protocol': async (scene) => {
    await state(UPGRADE, SWITCH)(scene);
    const connection = await scene.backend.connection(0);
    connection.send('from the backend');
    scene.client.send('from the client');
    await connection.until((received) => received.endsWith('from the client'), 'a message');
  },
  'within the trailers of an answer': state(
    GET.replace('\r\n\r\n', '\r\nTE: trailers\r\n\r\n'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n0\r\nX: y',
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
