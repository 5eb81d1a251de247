import { randomBytes } from 'node:crypto';
import type { Readable, Writable } from 'node:stream';

/** Of a length that fits no buffer's, so that bytes in the wrong place are never right by accident. */
const BLOCK = 1_000_003;

/** Endless bytes that are like no other's, and a check of whether bytes are the next of them. */
export class Pattern {
  readonly #block = randomBytes(BLOCK);
  /** Bytes that were checked. */
  checked = 0;
  /** All bytes that were checked were right. */
  isIntact = true;

  /** Bytes from `offset` on: `length` of them, or fewer where the block ends. */
  slice(offset: number, length: number): Buffer {
    const from = offset % BLOCK;
    return this.#block.subarray(from, Math.min(BLOCK, from + length));
  }

  /** Whether these are the next bytes. */
  check(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; ) {
      const expected = this.slice(this.checked, bytes.length - at);
      if (!bytes.subarray(at, at + expected.length).equals(expected)) this.isIntact = false;
      this.checked += expected.length;
      at += expected.length;
    }
  }

  /** Checks all that a stream gives. */
  checkAll(stream: Readable): void {
    stream.on('data', (bytes: Buffer) => this.check(bytes)).resume();
  }
}

/** Counts what a producer could hand over. */
export interface Production {
  /** Bytes that left the producer: in the kernel, or further. */
  readonly accepted: () => number;
  readonly done: Promise<void>;
}

/** Writes that many bytes of a pattern, no faster than they are taken. */
export function produce(to: Writable, pattern: Pattern, total: number, step = 65_536): Production {
  let written = 0;
  const run = async () => {
    while (written < total && !to.destroyed) {
      const bytes = pattern.slice(written, Math.min(step, total - written));
      written += bytes.length;
      if (!to.write(bytes)) await drained(to);
    }
  };
  return { accepted: () => written - to.writableLength, done: run() };
}

/** Waits until more may be written, or never again. */
function drained(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done).off('close', done);
      resolve();
    };
    stream.on('drain', done).on('close', done);
  });
}
