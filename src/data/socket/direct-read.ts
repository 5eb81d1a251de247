import type { Socket } from 'node:net';

type OnData = (this: Socket, chunk: Buffer) => void;

/**
 * Hands over what sockets read, as `socket.on('data')` does, but without the stream's queue, its event and its `nextTick` for
 * each read (bench/micro/tricks.ts). The runtime feeds a stream through its `push`. While the stream flows and its queue is
 * empty, this `push` hands the bytes over at once, which the stream would queue and take out again. In all other cases (paused,
 * ended, bytes in the queue) the stream's own `push` does its work, and the `data` listener hears of them; so it does where a
 * runtime feeds its sockets in another way.
 *
 * A socket that is paused is not read beyond the piece that comes next. The stream would read on until its queue is full, and
 * count bytes alone: 64 KB that come one by one take 9 MB.
 */
export class DirectRead {
  readonly #onData: OnData;
  readonly #push: Socket['push'];

  /** @param onData shared by all sockets; called with the socket that read as `this` */
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
  // The stream believes that it has asked for more already, and would not ask again.
  if (!socket.destroyed && socket._read === readUnlessPaused) readOf(socket).call(socket, 0);
}

/** The stream calls `_read` whenever there is room in its queue, even while it is paused. */
function readUnlessPaused(this: Socket, size: number): void {
  if (!this.isPaused()) readOf(this).call(this, size);
}

function readOf(socket: Socket): Socket['_read'] {
  return Object.getPrototypeOf(socket)._read;
}

function pushOf(socket: Socket): Socket['push'] {
  return Object.getPrototypeOf(socket).push;
}
