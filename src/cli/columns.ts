import type { Line, Span } from './styled.ts';
import { shortenTo, widthOf } from './width.ts';

/** The space between columns. */
const GAP = 2;
/** The least width to which a column is shortened. */
const NARROWEST = 10;

/**
 * Lays out rows in columns.
 * @param most the width of the terminal, to which the widest columns are shortened; a pipe has no width
 */
export function columnsOf(rows: readonly Line[], most = Number.POSITIVE_INFINITY): Line[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(text));
  shrink(widths, most - GAP * (widths.length - 1));
  return rows.map((row) =>
    row.flatMap((cell, i): Span[] => {
      const width = widths[i] ?? 0;
      const text = shortenTo(cell.text, width);
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
    // Shortens the widest columns until the table fits, or they are as wide as the next widest.
    const less = Math.min(widest - below, Math.ceil(over / count)) || 1;
    for (const [i, width] of widths.entries()) if (width === widest) widths[i] = width - less;
    over -= less * count;
  }
}
