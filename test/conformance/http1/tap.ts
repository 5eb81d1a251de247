import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

/** A connection of a proxy to the origin. */
export interface TappedConnection {
  isClosed: boolean;
}

/** A relay that remembers each byte that comes through it on the way to the origin. */
export interface Tap {
  readonly port: number;
  /** In the order in which they came. */
  readonly connections: TappedConnection[];
  /** The present, to ask later for what came after. */
  mark(): number;
  /** What came on each connection since, as latin1, in the order of their first bytes. */
  since(mark: number): string[];
}

export async function startTap(t: Pick<Test, 'teardown'>, originPort: number): Promise<Tap> {
  const connections: TappedConnection[] = [];
  const pieces: { readonly connection: TappedConnection; readonly text: string }[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const tapped: TappedConnection = { isClosed: false };
    connections.push(tapped);
    const origin = connect({ host: '127.0.0.1', port: originPort, noDelay: true, allowHalfOpen: true });
    for (const [from, to] of [
      [socket, origin],
      [origin, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('end', () => to.end());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
        tapped.isClosed = true;
      });
    }
    socket.on('data', (chunk) => {
      pieces.push({ connection: tapped, text: chunk.toString('latin1') });
      origin.write(chunk);
    });
    origin.on('data', (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    mark: () => pieces.length,
    since: (mark) =>
      [...Map.groupBy(pieces.slice(mark), ({ connection }) => connection).values()].map((some) =>
        some.map(({ text }) => text).join(''),
      ),
  };
}
