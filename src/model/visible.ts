/**
 * Finds characters that move a terminal's cursor, end a line or change the direction of text: the C0 and C1 controls, DEL,
 * Unicode's separators of lines and paragraphs, and its marks, embeddings and isolates of direction.
 */
const UNSEEN = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Makes a text of a stranger (a label, a name, a header) safe to read: characters that are invisible but have an effect are
 * written as `\u001b`. Between the quotes of JSON that stands for the same text.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
