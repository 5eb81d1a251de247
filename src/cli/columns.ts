import type { Line, Span } from './styled.ts';
import { cutTo, widthOf } from './width.ts';

/** Between columns. */
const GAP = 2;
/** A column is not made narrower than this to fit. */
const NARROWEST = 10;

/**
 * Rows in columns.
 * @param most columns of the terminal; the widest of the table give way until it fits. A pipe has no width.
 */
export function columnsOf(rows: readonly Line[], most = Number.POSITIVE_INFINITY): Line[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(text));
  shrink(widths, most - GAP * (widths.length - 1));
  return rows.map((row) =>
    row.flatMap((cell, i): Span[] => {
      const width = widths[i] ?? 0;
      const text = cutTo(cell.text, width);
      const gap = i === widths.length - 1 ? '' : ' '.repeat(width + GAP - widthOf(text));
      return [{ ...cell, text }, { text: gap }];
    }),
  );
}

function shrink(widths: number[], most: number): void {
  let over = widths.reduce((sum, width) => sum + width, 0) - most;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) return;
    const below = Math.max(NARROWEST, ...widths.filter((width) => width < widest));
    const count = widths.filter((width) => width === widest).length;
    // As much as is missing, but no further than to the next widest.
    const less = Math.min(widest - below, Math.ceil(over / count)) || 1;
    for (const [i, width] of widths.entries()) if (width === widest) widths[i] = width - less;
    over -= less * count;
  }
}
