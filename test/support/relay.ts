import { connect } from 'node:net';
import type { Test } from 'tap';
import { startRawBackend } from './backend.ts';

export interface Relay {
  readonly port: number;
  /** Connections so far. */
  readonly connections: () => number;
}

/** Another address of a port of this machine, as the one that an Engine publishes is of a container's. */
export async function startRelay(t: Test, target: () => number): Promise<Relay> {
  let count = 0;
  const { port } = await startRawBackend(t, (socket) => {
    count++;
    const other = connect(target(), '127.0.0.1');
    other.on('error', () => {});
    socket.on('close', () => other.destroy());
    other.on('close', () => socket.destroy());
    socket.pipe(other).pipe(socket);
  });
  return { port, connections: () => count };
}
