/** Longest text of others that a message repeats whole, in characters. */
const MOST_REPEATED = 100;

/**
 * A text of others as a message repeats it: whole, or its beginning with an ellipsis and its true size.
 * @param most characters that are repeated
 */
export function shorten(text: string, most = MOST_REPEATED): string {
  return text.length <= most ? text : `${begin(text, most)} (${sized(text.length)})`;
}

/** The same in quotes. */
export function quoted(text: string): string {
  return text.length <= MOST_REPEATED
    ? `"${text}"`
    : `"${begin(text, MOST_REPEATED)}" (${sized(text.length)})`;
}

/** `65,536 characters`. */
export function sized(length: number): string {
  return `${grouped(length)} characters`;
}

/** `65,536`. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** The first items of a list, and how many more there are. */
export function listFew(items: readonly unknown[], most = 20): string {
  const rest = items.length - most;
  return items.slice(0, most).join(', ') + (rest > 0 ? ` and ${grouped(rest)} more` : '');
}

/** The beginning of a text, with an ellipsis; never half of a pair of surrogates. */
export function begin(text: string, most: number): string {
  const isPair = /[\ud800-\udbff]/.test(text.charAt(most - 1));
  return `${text.slice(0, isPair ? most - 1 : most)}…`;
}
