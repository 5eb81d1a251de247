import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readResults, writeResults } from '../results.ts';
import type { Method } from './experiment.ts';
import type { Measured } from './measure.ts';
import { report } from './report.ts';

/** One experiment with one proxy. */
export interface Cell {
  readonly experiment: string;
  readonly method: Method;
  readonly contender: string;
  /** When it was measured. */
  readonly at: string;
  /** Of which commit. */
  readonly commit: string;
  readonly measured: Measured;
}

const REPORT = fileURLToPath(new URL('../../docs/faults.md', import.meta.url));

/** What was measured before: a run of a part adds to it. */
export function readCells(): Cell[] {
  return (readResults<Cell[]>('faults') ?? []).map(({ measured, ...cell }) => ({
    ...cell,
    // JSON has no infinity: what never recovered.
    measured: { ...measured, ...(measured.recoverMs === null && { recoverMs: Number.POSITIVE_INFINITY }) },
  }));
}

export function writeCells(cells: readonly Cell[]): void {
  writeResults('faults', cells);
}

export async function writeReport(cells: readonly Cell[]): Promise<void> {
  await writeFile(REPORT, await report(cells));
}
