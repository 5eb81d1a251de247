/** Finds texts in which every character takes one column, as in nearly all. */
const PLAIN = /^[\x20-\x7e]*$/;
/** Finds characters that take two columns of a terminal: East Asian scripts, full-width forms, and emoji. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u;
/** Finds characters that take no column by themselves. */
const NARROWEST = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]*$/u;

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The number of columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) width += columnsOf(segment);
  return width;
}

/** Shortens a text to this number of columns, with an ellipsis at its end. */
export function shortenTo(text: string, columns: number): string {
  if (text.length <= columns && PLAIN.test(text)) return text;
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let width = 1;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += columnsOf(segment);
    if (width > columns) break;
    kept += segment;
  }
  return columns < 1 ? '' : `${kept}…`;
}

function columnsOf(grapheme: string): number {
  if (NARROWEST.test(grapheme)) return 0;
  return WIDE.test(grapheme) ? 2 : 1;
}
