import type { Socket } from 'node:net';

type OnData = (this: Socket, chunk: Buffer) => void;

/**
 * Hands over what sockets read, as `socket.on('data')` does, without the stream's queue, its event and its
 * `nextTick` for each read (bench/micro/tricks.ts). A stream is fed through its `push`: while it flows and
 * its queue is empty what would be queued and taken out again is handed over at once. All else (paused, ended,
 * bytes in the queue) is the stream's, and a runtime that feeds its sockets in another way finds the listener.
 *
 * A socket that is paused is not read beyond the piece that comes next. The stream would fill its queue, which counts bytes:
 * 64 KB that come one by one are 9 MB.
 */
export class DirectRead {
  readonly #onData: OnData;
  readonly #push: Socket['push'];

  /** @param onData one for all sockets: `this` is the one that read */
  constructor(onData: OnData) {
    this.#onData = onData;
    this.#push = function (this: Socket, chunk: Buffer | string | null, encoding?: BufferEncoding): boolean {
      if (
        chunk === null ||
        typeof chunk === 'string' ||
        this.readableFlowing !== true ||
        this.readableLength > 0
      ) {
        const takesMore = pushOf(this).call(this, chunk, encoding);
        return takesMore && !this.isPaused();
      }
      onData.call(this, chunk);
      return true;
    };
  }

  begin(socket: Socket): void {
    socket.push = this.#push;
    socket._read = readUnlessPaused;
    socket.on('data', this.#onData);
  }
}

/** Reads on after a pause. */
export function readOn(socket: Socket): void {
  socket.resume();
  // The stream believes that it has asked.
  if (!socket.destroyed && socket._read === readUnlessPaused) readOf(socket).call(socket, 0);
}

/** The stream asks for more whenever there is room in its queue. */
function readUnlessPaused(this: Socket, size: number): void {
  if (!this.isPaused()) readOf(this).call(this, size);
}

function readOf(socket: Socket): Socket['_read'] {
  return Object.getPrototypeOf(socket)._read;
}

function pushOf(socket: Socket): Socket['push'] {
  return Object.getPrototypeOf(socket).push;
}
