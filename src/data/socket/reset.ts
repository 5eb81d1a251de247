import type { Socket } from 'node:net';

/** What a TLS socket stands on, which alone can be reset. */
const BELOW = new WeakMap<Socket, Socket>();

/** Says on which socket one stands that was made of it. */
export function standsOn(socket: Socket, below: Socket): void {
  BELOW.set(socket, below);
}

/**
 * Cuts a connection so that its other end sees an error, and takes what it has for no whole message: by a reset where
 * the runtime can, over TLS of what it stands on, else by a close in the middle.
 * Never throws, whatever the socket is and in whatever state.
 */
export function reset(socket: Socket): void {
  // Without a connection there is nothing to reset; and one whose end is being sent the runtime cannot, nor ever close.
  if (socket.pending || socket.writableEnded) {
    socket.destroy();
    return;
  }
  const below = BELOW.get(socket);
  try {
    // The one above closes with it. To destroy both within a callback of the one above crashes the runtime.
    (below ?? socket).resetAndDestroy();
  } catch {
    // It resets bare TCP alone: not a TLSSocket whose socket is not known, nor one of a path.
    socket.destroy();
  }
}
