/** Bytes that one read of a backend's socket takes at most. */
export const READ_SIZE = 65_536;

/** A read of at least this size announces more of the kind. */
const STREAMING_READ = 16_384;

/** Buffers of streams that ended, for the next ones; more than these are left to the garbage collector. */
const MAX_SPARE = 64;
const spare: Buffer[] = [];

/**
 * Most reads are small and done with at once, so all sockets share one buffer. What is in it must be copied
 * or sent before the next read of any of them.
 */
const shared = Buffer.allocUnsafeSlow(READ_SIZE);

/**
 * Where a socket reads to. While large reads follow each other the socket has a buffer of its own, from which
 * bytes are sent without being copied; a connection that is idle or trickles holds none.
 */
export class ReadBuffer {
  #own: Buffer | undefined = undefined;

  /** The buffer for the next read, given the size of the last one. */
  next(lastRead: number): Buffer {
    if (lastRead >= STREAMING_READ) {
      this.#own ??= spare.pop() ?? Buffer.allocUnsafeSlow(READ_SIZE);
      return this.#own;
    }
    this.release();
    return shared;
  }

  /** What was read may be lost by the next read: whoever keeps it must copy it. */
  isShared(buffer: Buffer): boolean {
    return buffer === shared;
  }

  /** Bytes of the socket's own buffer are still waiting to be sent: it must not be read into again. */
  giveAway(): void {
    this.#own = undefined;
  }

  release(): void {
    if (this.#own !== undefined && spare.length < MAX_SPARE) spare.push(this.#own);
    this.#own = undefined;
  }
}
