import { connect, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { startRawBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';
import { bytesInBuffers } from '../support/memory.ts';
import { Pattern, type Production, produce } from '../support/pattern.ts';
import { startProxy } from '../support/proxy.ts';
import { steady } from '../support/wait.ts';

/** What the process may hold for a connection whose reader stalls, as docs/architecture.md states it. */
const BOUND = 384 * 1024;
const STALLED = 60;
const SIZE = 1_000_000_000;
/** Bytes between two stalls of the reader. */
const STRIDE = 100_000_000;
const STALLS = 9;

type Direction = 'download' | 'upload';

/** Connects, and answers the socket that reads what the other side of the proxy writes without end. */
interface Flow {
  readonly reader: Socket;
  readonly production: Production;
}

/** A proxy whose backend reads or writes a body, as the direction says. */
async function makeFlows(t: Test, direction: Direction, size: number, pattern: Pattern) {
  const readers: Socket[] = [];
  const productions: Production[] = [];
  const { port } = await startRawBackend(t, (socket) =>
    socket.once('data', () => {
      if (direction === 'upload') readers.push(socket.pause());
      else {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
        productions.push(produce(socket, pattern, size));
      }
    }),
  );
  const proxy = await startProxy(t, [{ backends: [port] }]);
  return async (): Promise<Flow> => {
    const index = productions.length;
    const client = connect(proxy.port, '127.0.0.1').on('error', () => {});
    t.teardown(() => client.destroy());
    const length = direction === 'upload' ? size : 0;
    client.write(`PUT / HTTP/1.1\r\nHost: test.localhost\r\nContent-Length: ${length}\r\n\r\n`);
    if (direction === 'upload') productions.push(produce(client, pattern, size));
    else readers.push(client.pause());
    await eventually('both ends', () => readers[index] !== undefined && productions[index] !== undefined);
    return { reader: readers[index] as Socket, production: productions[index] as Production };
  };
}

for (const direction of ['download', 'upload'] as const) {
  t.test(`the process holds at most ${BOUND / 1024} KB for a stalled ${direction}`, async (t) => {
    const connect = await makeFlows(t, direction, SIZE, new Pattern());
    await connect();
    const before = await steady(bytesInBuffers);
    const flows: Flow[] = [];
    for (let i = 0; i < STALLED; i++) flows.push(await connect());
    const taken = () => flows.reduce((sum, { production }) => sum + production.accepted(), 0);
    await steady(taken, 60);
    const held = (bytesInBuffers() - before) / STALLED;
    t.ok(held < BOUND, `${Math.round(held / 1024)} KB in buffers for each`);
    t.ok(
      taken() / STALLED > 1_000_000,
      `of ${Math.round(taken() / STALLED / 1024)} KB that were taken of each`,
    );
  });

  t.test(`1 GB of ${direction} to a reader that stalls again and again leaves no more behind`, async (t) => {
    const connect = await makeFlows(t, direction, SIZE, new Pattern());
    const before = await steady(bytesInBuffers);
    const { reader, production } = await connect();
    let read = 0;
    const held: number[] = [];
    reader.on('data', (bytes: Buffer) => {
      read += bytes.length;
      if (read < (held.length + 1) * STRIDE || held.length === STALLS) return;
      reader.pause();
      void steady(production.accepted).then(() => {
        held.push(Math.round((bytesInBuffers() - before) / 1024));
        reader.resume();
      });
    });
    reader.resume();
    await production.done;
    t.equal(held.length, STALLS);
    // Of one connection, and whatever else the process does meanwhile.
    t.ok(Math.max(...held) < (4 * BOUND) / 1024, `${held} KB in buffers at the stalls`);
  });
}
