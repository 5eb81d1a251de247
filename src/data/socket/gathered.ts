const MIN_CAPACITY = 256;

/**
 * Bytes that come piece by piece, in one buffer that grows: a buffer for each piece costs more than 100 bytes, and a view of
 * the read that it came with keeps all of that. So it holds at most twice what was added.
 */
export class Gathered {
  length = 0;
  #buffer: Buffer;

  /** @param capacity bytes that are expected */
  constructor(capacity = MIN_CAPACITY) {
    // Never of the pool: what keeps one small piece of it keeps all.
    this.#buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** The bytes. They are valid, and never change; what is added later is not among them. */
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
