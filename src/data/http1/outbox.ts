import type { Socket } from 'node:net';

/** What became of the bytes that were written. */
export type Flow =
  /** The kernel has them: their buffer can be used again. */
  | 'taken'
  /** Some are waiting, and their buffer with them. */
  | 'held'
  /** So many are waiting that the writer must stop until the socket drains. */
  | 'full';

/** Pieces up to this size are joined into one string; a larger one is handed to the kernel where it lies. */
export const JOINED = 4_096;

/**
 * Gathers what one turn writes to a socket, so that it leaves in one system call: on loopback and bridge
 * networks `write(2)` is where most of a proxy's time goes.
 */
export class Outbox {
  readonly #socket: Socket;
  #text = '';
  #corked = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Adds latin1 text. */
  text(text: string): void {
    this.#text += text;
  }

  /** Adds bytes; they must not change before `flush` answers, nor after it if that says that they wait. */
  bytes(buffer: Buffer, from: number, to: number): void {
    if (to - from <= JOINED) {
      this.#text += buffer.toString('latin1', from, to);
      return;
    }
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
    }
    this.#writeText();
    this.#socket.write(from === 0 && to === buffer.length ? buffer : buffer.subarray(from, to));
  }

  flush(): Flow {
    this.#writeText();
    if (this.#corked) {
      this.#corked = false;
      this.#socket.uncork();
    }
    if (this.#socket.writableLength === 0) return 'taken';
    return this.#socket.writableNeedDrain ? 'full' : 'held';
  }

  #writeText(): void {
    if (this.#text === '') return;
    this.#socket.write(this.#text, 'latin1');
    this.#text = '';
  }
}
