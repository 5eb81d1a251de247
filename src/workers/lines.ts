import type { Readable } from 'node:stream';
import { type Output, openOutput } from '../telemetry/output.ts';

const NEWLINE = 10;

/** Where the lines of all workers come together. */
export interface LineSink {
  /** Takes what a worker writes, and passes it on in whole lines: those of two workers never mix. */
  take(stream: Readable): void;
  /** Resolves when all that was taken has been written, or nobody reads it any more. */
  drained: Output['drained'];
}

/** @param fd 1 or 2, whose lines are too rare to wait for and are written at once */
export function openLines(fd: 1 | 2): LineSink {
  const output = openOutput(fd, { sync: fd === 2 });
  return {
    take(stream) {
      let rest: Buffer = Buffer.alloc(0);
      stream.on('data', (chunk: Buffer) => {
        const end = chunk.lastIndexOf(NEWLINE) + 1;
        if (end === 0) {
          rest = Buffer.concat([rest, chunk]);
          return;
        }
        const hasRoom = output.write(Buffer.concat([rest, chunk.subarray(0, end)]));
        rest = chunk.subarray(end);
        if (hasRoom) return;
        stream.pause();
        void output.drained().then(() => stream.resume());
      });
      // What a worker that died has of its last line is thrown away: nobody can read half of an entry.
      stream.on('error', () => {});
    },
    drained: output.drained,
  };
}
