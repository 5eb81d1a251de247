import type { Readable } from 'node:stream';
import type { LogName, Output } from '../telemetry/output.ts';

const NEWLINE = 10;
/** A line that is longer, in bytes, is none of ours and is left out: something has to be held until its end. */
const MAX_LINE_BYTES = 1_048_576;

/**
 * Takes what a worker writes, and passes it on in whole lines: those of two workers never mix. It is always read:
 * a worker never waits for whoever reads the logs.
 */
export function passLines(stream: Readable, output: Pick<Output, 'write'>, log: LogName): void {
  let parts: Buffer[] = [];
  let held = 0;
  stream.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const lines = Buffer.concat([...parts, chunk.subarray(0, end)]);
      // Of one that was too long the beginning is gone: its rest is no line.
      output.write(held > MAX_LINE_BYTES ? chunk.subarray(chunk.indexOf(NEWLINE) + 1, end) : lines, log);
      parts = [];
      held = 0;
    }
    const rest = chunk.subarray(end);
    held += rest.length;
    if (held > MAX_LINE_BYTES) parts = [];
    else if (rest.length > 0) parts.push(rest);
  });
  // What a worker that died has of its last line is thrown away: nobody can read half of an entry.
  stream.on('error', () => {});
}
