import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { bytesInUse } from '../support/memory.ts';
import { startProxy } from '../support/proxy.ts';
import { startUnreachable } from '../support/unreachable.ts';
import { steady } from '../support/wait.ts';

/** What the process may hold for a connection, whatever the shape of what comes, as docs/architecture.md states it. */
const BOUND = 384 * 1024;
const CLIENTS = 16;
/** Pieces of one byte that each client sends, as far as they are read. On loopback each is read by itself. */
const PIECES = 2_500;

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function connectAll(t: Test, port: number, first: string): Promise<Socket[]> {
  const sockets = Array.from({ length: CLIENTS }, () =>
    connect({ port, host: '127.0.0.1', noDelay: true }).on('error', () => {}),
  );
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
  });
  for (const socket of sockets) socket.write(first, 'latin1');
  await eventually('the connections', () => sockets.every(({ connecting }) => !connecting));
  return sockets;
}

/** Each client sends these pieces over and over, one in each turn. */
async function trickle(sockets: readonly Socket[], ...pieces: string[]): Promise<void> {
  for (let i = 0; i < PIECES; i++) {
    // One that is not taken waits in the client, which is not what is measured.
    for (const socket of sockets)
      if (socket.writableLength === 0) socket.write(pieces[i % pieces.length] as string, 'latin1');
    await turn();
  }
}

/** Each sends that block so often, as far as it is taken. */
async function flood(sockets: readonly Socket[], block: Buffer, times: number): Promise<void> {
  for (const socket of sockets) {
    let left = times;
    const write = () => {
      while (left > 0 && !socket.destroyed && socket.write(block)) left--;
    };
    socket.on('drain', write);
    write();
  }
  const taken = () =>
    sockets.reduce((sum, { bytesWritten, writableLength }) => sum + bytesWritten - writableLength, 0);
  await steady(taken, 60);
}

/** What is held for each connection once `act` is through. */
async function heldFor(act: () => Promise<void>): Promise<number> {
  const before = bytesInUse();
  await act();
  return (bytesInUse() - before) / CLIENTS;
}

const CHUNKED = 'POST / HTTP/1.1\r\nHost: test.localhost\r\nTransfer-Encoding: chunked\r\n\r\n';
const LENGTH = 'PUT / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: 1000000000\r\n\r\n';
const GET = 'GET / HTTP/1.1\r\nHost: test.localhost\r\n\r\n';
const ONE_BYTE_CHUNKS = Buffer.from('1\r\nx\r\n'.repeat(10_000), 'latin1');

const silent = (t: Test) => startRawBackend(t, (socket) => socket.pause());

t.test('an upload in chunks of one byte holds no more memory than another', async (t) => {
  const { port } = await silent(t);
  for (const first of [CHUNKED, CHUNKED.replace('POST', 'PUT')]) {
    const proxy = await startProxy(t, [{ backends: [port] }]);
    const sockets = await connectAll(t, proxy.port, first);
    const held = await heldFor(() => flood(sockets, ONE_BYTE_CHUNKS, 6));
    t.ok(held < BOUND, `${Math.round(held / 1024)} KB`);
    for (const socket of sockets) socket.destroy();
  }
});

t.test('nor one that comes in pieces of one byte before a backend takes it', async (t) => {
  const port = await startUnreachable(t);
  if (port === undefined) return void t.pass('connections are always taken here');
  const settings = { timeouts: { connectMs: 60_000 } };
  for (const [first, ...pieces] of [
    [LENGTH, 'x'],
    [CHUNKED, '1', '\r', '\n', 'x', '\r', '\n'],
  ] as const) {
    const proxy = await startProxy(t, [{ backends: [port], settings }]);
    const sockets = await connectAll(t, proxy.port, first);
    const held = await heldFor(() => trickle(sockets, ...pieces));
    t.ok(held < BOUND / 4, `${Math.round(held / 1024)} KB of ${PIECES} pieces`);
    for (const socket of sockets) socket.destroy();
  }
});

t.test('nor what a client sends behind a request that is not answered yet', async (t) => {
  const { port } = await silent(t);
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const sockets = await connectAll(t, proxy.port, GET);
  const held = await heldFor(() => trickle(sockets, 'G'));
  t.ok(held < BOUND / 4, `${Math.round(held / 1024)} KB of ${PIECES} pieces`);
});

t.test('nor a head that comes byte by byte', async (t) => {
  const proxy = await startProxy(t, [{ backends: [] }]);
  const sockets = await connectAll(t, proxy.port, 'GET / HTTP/1.1\r\n');
  const held = await heldFor(() => trickle(sockets, 'X', ':', 'y', '\r', '\n'));
  t.ok(held < BOUND / 8, `${Math.round(held / 1024)} KB of ${PIECES} pieces`);
});

t.test('nor interim responses to a client that does not read', async (t) => {
  const hints = Buffer.from('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n'.repeat(1_000), 'latin1');
  const backends: Socket[] = [];
  const { port } = await startRawBackend(t, (socket) => {
    backends.push(socket);
    socket.once('data', () => void flood([socket], hints, 1_000));
  });
  const proxy = await startProxy(t, [{ backends: [port] }]);
  const client = connect({ port: proxy.port, host: '127.0.0.1' }).on('error', () => {});
  t.teardown(() => client.destroy());
  client.pause();
  const before = bytesInUse();
  client.write(GET);
  const isOver = () => backends.some(({ destroyed, bytesWritten }) => destroyed || bytesWritten > 12_000_000);
  await eventually('the end of it', isOver);
  const held = bytesInUse() - before;
  t.ok(held < 3 * BOUND, `${Math.round(held / 1024)} KB, with what else the process does`);
  t.match(proxy.entries, [{ status: 502, detail: 'interim responses without end' }]);
});
