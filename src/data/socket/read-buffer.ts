/** What one read of the buffer for all takes at most: small bodies come whole, with their head. */
const SHARED = 32_768;

/** A read of at least this size announces more of the kind. */
const STREAMING_READ = 16_384;

/** Where a stream is read to, and one that comes and leaves as fast as it can: fewer reads and writes, each larger. */
const SMALL = 65_536;
const LARGE = 262_144;

/** Buffers of streams that ended, for the next ones; more than these are left to the garbage collector. */
const MAX_SPARE = 32;
const spareSmall: Buffer[] = [];
const spareLarge: Buffer[] = [];

/**
 * Most reads are small and done with at once, so all sockets share one buffer. What is in it must be copied
 * or sent before the next read of any of them: an outbox copies pieces that are no larger than it.
 */
export const shared = Buffer.allocUnsafeSlow(SHARED);

/** What lies there is lost with the next read of any socket: whoever keeps it must copy it. */
export function isShared(buffer: Buffer): boolean {
  return buffer === shared;
}

/**
 * Where a socket reads to. While large reads follow each other the socket has a buffer of its own, from which
 * bytes are sent without being copied; a connection that is idle or trickles holds none.
 */
export class ReadBuffer {
  #own: Buffer | undefined = undefined;
  /** The reader did not take all at once: a large buffer would only keep more waiting. */
  #isSlow = false;

  /** Another stream begins. */
  begin(): void {
    this.#isSlow = false;
  }

  /** The buffer for the next read, given the size of the last one of the same stream. */
  next(lastRead: number): Buffer {
    if (lastRead < STREAMING_READ) {
      this.release();
      return shared;
    }
    const own = this.#own;
    const isFull = lastRead === (own ?? shared).length;
    if (own === undefined || (isFull && !this.#isSlow && own.length < LARGE)) {
      this.release();
      this.#own = isFull && !this.#isSlow ? take(spareLarge, LARGE) : take(spareSmall, SMALL);
    }
    return this.#own as Buffer;
  }

  /** Bytes of the socket's own buffer are still waiting to be sent: it must not be read into again. */
  giveAway(): void {
    this.#own = undefined;
    this.#isSlow = true;
  }

  release(): void {
    const own = this.#own;
    this.#own = undefined;
    if (own === undefined) return;
    const spare = own.length === SMALL ? spareSmall : spareLarge;
    if (spare.length < MAX_SPARE) spare.push(own);
  }
}

function take(spare: Buffer[], size: number): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(size);
}
