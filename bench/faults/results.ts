import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
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

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
/** Kept beside the sources and out of Git, so that a run of a part adds to what was measured before. */
const RESULTS = path('.results/results.json');
const REPORT = path('../../docs/faults.md');

export async function readResults(): Promise<Cell[]> {
  const text = await readFile(RESULTS, 'utf8').catch(() => '[]');
  // JSON has no infinity: what never recovered.
  return JSON.parse(text, (key, value) =>
    key === 'recoverMs' && value === null ? Number.POSITIVE_INFINITY : value,
  );
}

export async function writeResults(cells: readonly Cell[]): Promise<void> {
  await mkdir(dirname(RESULTS), { recursive: true });
  await writeFile(RESULTS, JSON.stringify(cells, undefined, 1));
}

export async function writeReport(cells: readonly Cell[]): Promise<void> {
  await writeFile(REPORT, await report(cells));
}
