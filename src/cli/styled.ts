import { visible } from '../model/visible.ts';
import { shortenTo, widthOf } from './width.ts';

/** How a piece of text looks where colours are shown. */
export type Tone = 'ill' | 'warn' | 'faint' | 'strong';

/** A piece of text, in which what cannot be seen is escaped already. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

export type Line = readonly Span[];

const CODES: Readonly<Record<Tone, number>> = { ill: 31, warn: 33, faint: 2, strong: 1 };

/** A text of others as a piece of a line. */
export function span(text: string, tone?: Tone): Span {
  return { text: visible(text), ...(tone !== undefined && { tone }) };
}

/** The line without colours. */
export function plain(line: Line): string {
  return line
    .map(({ text }) => text)
    .join('')
    .trimEnd();
}

/** What a terminal can show of a line. */
export interface Look {
  /** The most columns of a line; longer lines are shortened. */
  readonly columns?: number;
  readonly hasColor: boolean;
}

/** Writes a line for a terminal. */
export function painted(line: Line, { columns = Number.POSITIVE_INFINITY, hasColor }: Look): string {
  let left = columns;
  let out = '';
  for (const { text, tone } of line) {
    if (left <= 0) break;
    const shown = Number.isFinite(left) ? shortenTo(text, left) : text;
    left -= widthOf(shown);
    out += tone === undefined || !hasColor ? shown : `\x1b[${CODES[tone]}m${shown}\x1b[0m`;
    if (shown !== text) break;
  }
  return out;
}
