import { createConnection, type Socket } from 'node:net';
import type { Address } from '../../model/address.ts';
import { safely } from '../safely.ts';

/** Whom a socket to a backend tells what happens to it. */
export interface BackendSocketOwner {
  /** Where the next read goes to. */
  nextBuffer(): Buffer;
  /** Takes what was read. */
  onRead(size: number, buffer: Buffer): void;
  onConnect(): void;
  onDrain(): void;
  onEnd(): void;
  /** @param cause why, when something went wrong */
  onClose(cause: NodeJS.ErrnoException | undefined): void;
  /** Ends the connection. */
  destroy(): void;
  /** One of these threw. */
  onBroken(error: unknown): void;
}

/** A connection to a backend. */
export function openSocket({ host, port }: Address, owner: BackendSocketOwner): Socket {
  const onRead = (size: number, buffer: Buffer | Uint8Array) => {
    try {
      owner.onRead(size, buffer as Buffer);
    } catch (error) {
      owner.onBroken(error);
    }
    return true;
  };
  const socket = createConnection({
    host,
    port,
    noDelay: true,
    // A backend that has closed is told nothing before it is known what became of our last bytes.
    allowHalfOpen: true,
    onread: { buffer: () => owner.nextBuffer(), callback: onRead },
  });
  let cause: NodeJS.ErrnoException | undefined;
  socket.on('error', (error) => {
    cause = error;
    owner.destroy();
  });
  socket.on(
    'connect',
    safely(owner, () => owner.onConnect()),
  );
  socket.on(
    'drain',
    safely(owner, () => owner.onDrain()),
  );
  socket.on(
    'end',
    safely(owner, () => owner.onEnd()),
  );
  socket.on(
    'close',
    safely(owner, () => owner.onClose(cause)),
  );
  return socket;
}
