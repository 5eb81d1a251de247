const MIN_CAPACITY = 256;

/**
 * Gathers bytes that come piece by piece in one buffer, which grows. A buffer for each piece would take more than 100 bytes,
 * and a view of a read buffer would keep all of that buffer in memory. The memory is at most twice what was added.
 */
export class Gathered {
  length = 0;
  #buffer: Buffer;

  /** @param capacity bytes that are expected */
  constructor(capacity = MIN_CAPACITY) {
    // Never from Node's pool: a small piece of the pool that is kept keeps all of it.
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** The bytes gathered so far. This view stays valid and never changes; bytes added later are not in it. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.length);
  }

  /** Adds a copy of the bytes from `from` to before `to`. */
  add(buffer: Buffer, from: number, to: number): void {
    const length = this.length + to - from;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(MIN_CAPACITY, length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.length);
      this.#buffer = larger;
    }
    buffer.copy(this.#buffer, this.length, from, to);
    this.length = length;
  }
}

/** A copy that keeps nothing else in memory. */
export function exactCopy(buffer: Buffer, from: number, to: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(to - from);
  buffer.copy(copy, 0, from, to);
  return copy;
}
