/** The size of the shared buffer, which bounds one read into it: small bodies come whole, together with their head. */
const SHARED = 32_768;

/** A read of at least this size announces that more large ones follow. */
const STREAMING_READ = 16_384;

/**
 * The sizes of a socket's own buffer: for a stream, and for one that comes and leaves as fast as it can, where larger buffers
 * make for fewer reads and writes.
 */
const SMALL = 65_536;
const LARGE = 262_144;

/** The most buffers of ended streams that are kept for the next ones; the rest is left to the garbage collector. */
const MAX_SPARE = 32;
const spareSmall: Buffer[] = [];
const spareLarge: Buffer[] = [];

/**
 * The buffer that all sockets share, since most reads are small and used up at once. What is in it must be copied or sent
 * before the next read of any of them: an outbox copies pieces that are no larger than it.
 */
export const shared = Buffer.allocUnsafeSlow(SHARED);

/**
 * Whether a buffer is the shared one. Its bytes are lost with the next read of any socket, so they must be copied to be kept.
 */
export function isShared(buffer: Buffer): boolean {
  return buffer === shared;
}

/**
 * Chooses the buffer that a socket reads into. While large reads follow each other the socket has a buffer of its own, from
 * which bytes are sent without being copied; an idle or trickling connection holds none.
 */
export class ReadBuffer {
  #own: Buffer | undefined = undefined;
  /** The other side did not take all bytes at once: a larger buffer would only keep more of them waiting. */
  #isSlow = false;

  /** Another stream of bytes begins. */
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

  /** Gives up the socket's own buffer, whose bytes are still waiting to be sent: it must not be read into again. */
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
