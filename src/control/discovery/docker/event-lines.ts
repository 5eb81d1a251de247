/** The longest line, in bytes. An event repeats the labels of its container. */
const MAX_LINE = 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The lines of a stream, however it is split into pieces. Undefined stands for a line that is longer than `MAX_LINE`. A last
 * line without a newline is dropped.
 */
export async function* readLines(stream: AsyncIterable<Buffer>): AsyncGenerator<string | undefined> {
  const line = new Line();
  for await (const piece of stream) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      line.add(piece.subarray(start, end));
      yield line.take();
      start = end + 1;
    }
    line.add(piece.subarray(start));
  }
}

/** Collects an incomplete line in one buffer. */
class Line {
  #buffer = Buffer.allocUnsafe(4_096);
  #length = 0;
  #isTooLong = false;

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (length > MAX_LINE) this.#isTooLong = true;
    if (this.#isTooLong) return;
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.min(MAX_LINE, 2 * length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    piece.copy(this.#buffer, this.#length);
    this.#length = length;
  }

  take(): string | undefined {
    const text = this.#isTooLong ? undefined : this.#buffer.toString('utf8', 0, this.#length);
    this.#length = 0;
    this.#isTooLong = false;
    return text;
  }
}
