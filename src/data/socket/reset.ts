import type { Socket } from 'node:net';

/**
 * Cuts a connection so that its other end sees an error, and takes what it has for no whole message: by a reset where
 * the runtime can, else by a close in the middle (over TLS one without its closing alert, RFC 8446, section 6.1).
 * Never throws, whatever the socket is and in whatever state.
 */
export function reset(socket: Socket): void {
  // Without a connection there is nothing to reset; and one whose end is being sent the runtime cannot, nor ever close.
  if (socket.pending || socket.writableEnded) {
    socket.destroy();
    return;
  }
  try {
    socket.resetAndDestroy();
  } catch {
    // It resets bare TCP alone: not a TLSSocket, nor one of a path.
    socket.destroy();
  }
}
