/** The longest text of a stranger that a message repeats whole, in characters. */
const MOST_REPEATED = 100;

/**
 * Shortens a text of a stranger for a message to its beginning, an ellipsis and its true size.
 * @param most the most characters that are repeated
 */
export function shorten(text: string, most = MOST_REPEATED): string {
  return text.length <= most ? text : `${begin(text, most)} (${sized(text.length)})`;
}

/** Shortens a text of a stranger and puts it in quotes. */
export function quoted(text: string): string {
  return text.length <= MOST_REPEATED
    ? `"${text}"`
    : `"${begin(text, MOST_REPEATED)}" (${sized(text.length)})`;
}

/** Writes a number with its unit: `65,536 characters`. */
export function sized(length: number): string {
  return `${grouped(length)} characters`;
}

/** Writes a number in groups of digits: `65,536`. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Writes the first items of a list, and how many more there are. */
export function listFew(items: readonly unknown[], most = 20): string {
  const rest = items.length - most;
  return items.slice(0, most).join(', ') + (rest > 0 ? ` and ${grouped(rest)} more` : '');
}

/** The beginning of a text with an ellipsis; it never ends within a surrogate pair. */
export function begin(text: string, most: number): string {
  const isPair = /[\ud800-\udbff]/.test(text.charAt(most - 1));
  return `${text.slice(0, isPair ? most - 1 : most)}…`;
}
