/**
 * What moves a terminal's cursor, ends a line or turns the direction of what is read: the C0 and C1 controls, DEL,
 * the ends of lines and paragraphs of Unicode, and its marks, embeddings and isolates of direction.
 */
const UNSEEN = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Text of a stranger (a label, a name, a header) for people to read: what cannot be seen, and does something, is
 * written as `\u001b`. In JSON between quotes that is the same text again.
 */
export function visible(text: string): string {
  return text.replace(UNSEEN, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
