/**
 * Whether the line at `p` is a header of that name.
 * @param lowerName in lower case
 */
export function isField(text: string, p: number, lowerName: string): boolean {
  const length = lowerName.length;
  // The colon is looked at first: that one comparison rules out most other names.
  if (text.charCodeAt(p + length) !== 58) return false;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(p + i);
    const lower = code >= 65 && code <= 90 ? code | 0x20 : code;
    if (lower !== lowerName.charCodeAt(i)) return false;
  }
  return true;
}

/** The text from `from` to before `to` without spaces and tabs around it (OWS, RFC 9110 section 5.6.3). */
export function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Whether a comma-separated list, in lower case, has an item. */
export function listHas(list: string, item: string): boolean {
  if (list === item) return true;
  return list.includes(item) && list.split(',').some((entry) => trimmed(entry, 0, entry.length) === item);
}

/**
 * An expression that finds the next header of one of these names, or else the end of the head. `_` and `-` count as one letter,
 * since many programs make no difference between them. The expression has a state, the place where it searches on
 * (`lastIndex`), so only one search may use it at a time.
 */
export function headerNames(names: readonly string[]): RegExp {
  const spelled = names.map((name) => name.replace(/[-_]/g, '[-_]').replace(/[$*+.^|]/g, '\\$&'));
  return new RegExp(`\\r\\n(?:\\r\\n|(?:${spelled.join('|')}):)`, 'gi');
}

/**
 * Header lines, each with its CRLF, without those of certain names.
 * @param names an expression of `headerNames`
 */
export function withoutLines(lines: string, names: RegExp): string {
  const text = `\r\n${lines}\r\n`;
  let kept = '';
  let from = 2;
  names.lastIndex = 0;
  while (names.test(text) && names.lastIndex < text.length) {
    const at = text.lastIndexOf('\r\n', names.lastIndex - 1) + 2;
    kept += text.slice(from, at);
    from = text.indexOf('\r\n', at) + 2;
    names.lastIndex = from - 2;
  }
  return kept + text.slice(from, -2);
}

/** Characters that would end a name, or a line, early. */
const ENDS_NAME = /[\r\n:]/;
const ENDS_LINE = /[\r\n]/;

/**
 * Header lines, each with its CRLF, as a list: names in lower case and trimmed values by turns, in the order of Node's
 * `rawHeaders`.
 */
export function fieldList(text: string): string[] {
  const list: string[] = [];
  for (let p = 0; p < text.length; ) {
    const colon = text.indexOf(':', p);
    const q = text.indexOf('\r\n', colon);
    list.push(text.slice(p, colon).toLowerCase(), trimmed(text, colon + 1, q));
    p = q + 2;
  }
  return list;
}

/**
 * The reverse of `fieldList`: a list as the text that would have been read, so that it can be judged. Undefined where a name or
 * a value holds a character that ends it early, and so would be read as something else.
 */
export function fieldText(list: readonly string[]): string | undefined {
  let text = '';
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string;
    const value = list[i + 1] as string;
    if (ENDS_NAME.test(name) || ENDS_LINE.test(value)) return undefined;
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
