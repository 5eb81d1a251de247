import type { Socket } from 'node:net';

type OnData = (chunk: Buffer) => void;

/**
 * Hands over what a socket reads, as `socket.on('data')` does, without the stream's queue, its event and its
 * `nextTick` for each read (bench/micro/tricks.ts). A stream is fed through its `push`: while it flows and
 * its queue is empty what would be queued and taken out again is handed over at once. All else (paused, ended,
 * bytes in the queue) is the stream's, and a runtime that feeds its sockets in another way finds the listener.
 */
export function readDirectly(socket: Socket, onData: OnData): void {
  socket.push = (chunk: Buffer | string | null, encoding?: BufferEncoding): boolean => {
    if (
      chunk === null ||
      typeof chunk === 'string' ||
      socket.readableFlowing !== true ||
      socket.readableLength > 0
    )
      return pushOf(socket).call(socket, chunk, encoding);
    onData(chunk);
    return true;
  };
  socket.on('data', onData);
}

/** Somebody else reads from now on. */
export function stopReading(socket: Socket, onData: OnData): void {
  socket.push = pushOf(socket);
  socket.off('data', onData).pause();
}

function pushOf(socket: Socket): Socket['push'] {
  return Object.getPrototypeOf(socket).push;
}
