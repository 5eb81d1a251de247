import { createConnection, type Socket } from 'node:net';
import type { Address } from '../../model/address.ts';

/**
 * A connection to a backend.
 * @param nextBuffer where the next read goes to
 * @param onRead takes what was read; false stops reading
 */
export function openSocket(
  { host, port }: Address,
  nextBuffer: () => Buffer,
  onRead: (size: number, buffer: Buffer) => boolean,
): Socket {
  return createConnection({
    host,
    port,
    noDelay: true,
    // A backend that has closed is told nothing before it is known what became of our last bytes.
    allowHalfOpen: true,
    onread: { buffer: nextBuffer, callback: (size, buffer) => onRead(size, buffer as Buffer) },
  });
}
