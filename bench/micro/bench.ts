/** Two or more ways to do the same work, on the same input. */
export interface Group {
  readonly name: string;
  /** By name; the first is ours, with which the others are compared. */
  readonly ways: Readonly<Record<string, () => unknown>>;
}

const ROUNDS = 21;
const ROUND_MS = 40;

/** What a result is written to, so that no compiler finds that nobody wants it. */
export const sink: { last: unknown } = { last: undefined };

/** Nanoseconds of one call of each way: the median of rounds in turns, so that a noisy moment falls on all alike. */
export function measure({ ways }: Group): Map<string, number> {
  const entries = Object.entries(ways).map(([name, run]) => ({
    name,
    run,
    count: callsIn(run),
    times: [] as number[],
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { run, count, times } of entries) times.push((time(run, count) / count) * 1e6);
  }
  return new Map(entries.map(({ name, times }) => [name, median(times)]));
}

/** How many calls fill a round, found while the code gets warm. */
function callsIn(run: () => unknown): number {
  let count = 16;
  for (let warm = 0; warm < 200; ) {
    const ms = time(run, count);
    warm += ms;
    if (ms < ROUND_MS / 2) count *= 2;
    else if (ms > ROUND_MS * 2) count /= 2;
  }
  return count;
}

/** Milliseconds of the processor, which others that want it too do not lengthen as they do those of the clock. */
function time(run: () => unknown, count: number): number {
  const start = process.cpuUsage();
  for (let i = 0; i < count; i++) sink.last = run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1_000;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
