import type { Cell } from './results.ts';

/** Latencies so near each other are the same: twice what the load of the machine adds by itself. */
const NEAR_MS = 20;
const NEAR_SHARE = 1.25;

/** Who did best; several when nothing that matters tells them apart, nobody when there is nobody to compare with. */
export function winners(cells: readonly Cell[]): string[] {
  if (cells.length < 2) return [];
  const fewest = keepLowest(cells, ({ measured }) => measured.failed);
  const once = keepLowest(fewest, ({ measured }) => measured.twice);
  const p99 = Math.min(...once.map(({ measured }) => measured.p99));
  const best = once.filter(({ measured }) => measured.p99 <= Math.max(p99 + NEAR_MS, p99 * NEAR_SHARE));
  return best.length === cells.length ? ['all'] : best.map(({ contender }) => contender);
}

function keepLowest(cells: readonly Cell[], of: (cell: Cell) => number): Cell[] {
  const lowest = Math.min(...cells.map(of));
  return cells.filter((cell) => of(cell) === lowest);
}
