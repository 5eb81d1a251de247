import { createConnection, type Socket } from 'node:net';
import type { Address } from '../../model/address.ts';
import { exactCopy } from './gathered.ts';
import { shared } from './read-buffer.ts';
import { SocketTransport, transportOf } from './socket-transport.ts';
import type { Transport, TransportOwner } from './transport.ts';

/** Opens a connection. What becomes of it the owner is told, and never before this returns. */
export function openTransport({ host, port }: Address, owner: TransportOwner): Transport {
  let transport: SocketTransport | undefined;
  const socket = createConnection({
    host,
    port,
    noDelay: true,
    // Another end that has closed is told nothing before it is known what became of our last bytes.
    allowHalfOpen: true,
    // The first time the runtime asks for a buffer before it answers the socket.
    onread: { buffer: () => nextBuffer(transport?.owner ?? owner), callback: onRead as OnRead },
  });
  transport = new SocketTransport(socket);
  transport.transfer(owner);
  return transport;
}

type OnRead = (size: number, buffer: Uint8Array) => boolean;

/** One for all sockets: `this` is the one that read. Past the stream, its queue and its events. */
function onRead(this: Socket, size: number, buffer: Buffer): boolean {
  const { owner } = transportOf(this);
  try {
    owner.onRead(owner.nextBuffer === undefined ? exactCopy(buffer, 0, size) : buffer, size);
  } catch (error) {
    owner.onBroken(error);
  }
  return true;
}

function nextBuffer(owner: TransportOwner): Buffer {
  try {
    return owner.nextBuffer?.() ?? shared;
  } catch (error) {
    owner.onBroken(error);
    return shared;
  }
}
