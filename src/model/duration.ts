const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
] as const;

/** Shorter durations are written in seconds, not minutes: `90s`. */
const FEW_MS = 120_000;

/** Formats milliseconds as people write them: `500ms`, `60s`, `1h30m`, `0`. */
export function showDuration(ms: number): string {
  if (ms === 0) return '0';
  const units = ms < FEW_MS ? UNITS.slice(-2) : UNITS;
  let rest = ms;
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += count + unit;
  }
  return text;
}
