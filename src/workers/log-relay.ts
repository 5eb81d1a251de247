import type { Readable } from 'node:stream';
import type { LogName, Output } from '../telemetry/output.ts';

const NEWLINE = 10;
/** A longer line, in bytes, is dropped: no entry of ours is so long, and a line is held in memory until its end. */
const MAX_LINE_BYTES = 1_048_576;

/**
 * Passes on what a worker writes in whole lines, so that lines of two workers never mix. The stream is always read, so
 * a worker never waits for whoever reads the logs.
 */
export function relayLines(stream: Readable, output: Pick<Output, 'write'>, log: LogName): void {
  let parts: Buffer[] = [];
  let held = 0;
  stream.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const lines = Buffer.concat([...parts, chunk.subarray(0, end)]);
      // The beginning of a line that was too long is gone already, so its rest is skipped, too.
      output.write(held > MAX_LINE_BYTES ? chunk.subarray(chunk.indexOf(NEWLINE) + 1, end) : lines, log);
      parts = [];
      held = 0;
    }
    const rest = chunk.subarray(end);
    held += rest.length;
    if (held > MAX_LINE_BYTES) parts = [];
    else if (rest.length > 0) parts.push(rest);
  });
  // The unfinished last line of a worker that died is dropped: half an entry is of no use.
  stream.on('error', () => {});
}
