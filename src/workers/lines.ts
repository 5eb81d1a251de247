import type { Readable } from 'node:stream';
import pino from 'pino';

const NEWLINE = 10;

/** Where the lines of all workers come together. */
export interface LineSink {
  /** Takes what a worker writes, and passes it on in whole lines: those of two workers never mix. */
  take(stream: Readable): void;
  /** Writes what is waiting, now. */
  flush(): void;
}

/** @param fd 1 or 2, whose lines are too rare to wait for and are written at once */
export function openLines(fd: 1 | 2): LineSink {
  const destination = pino.destination({ dest: fd, sync: fd === 2, contentMode: 'buffer' });
  // Each worker may wait for it.
  destination.setMaxListeners(0);
  // Its types know strings only. When the reader is gone it throws everything away, and answers nothing.
  const write = destination.write.bind(destination) as unknown as (lines: Buffer) => boolean | undefined;
  return {
    take(stream) {
      let rest: Buffer = Buffer.alloc(0);
      stream.on('data', (chunk: Buffer) => {
        const end = chunk.lastIndexOf(NEWLINE) + 1;
        if (end === 0) {
          rest = Buffer.concat([rest, chunk]);
          return;
        }
        const isFull = write(Buffer.concat([rest, chunk.subarray(0, end)])) === false;
        rest = chunk.subarray(end);
        if (!isFull) return;
        stream.pause();
        destination.once('drain', () => stream.resume());
      });
      // What a worker that died has of its last line is thrown away: nobody can read half of an entry.
      stream.on('error', () => {});
    },
    flush() {
      try {
        destination.flushSync();
      } catch {
        // Not open yet, or the reader is gone: there is nowhere to write to.
      }
    },
  };
}
