/**
 * Whether a text fits a pattern in which each `*` stands for anything, including nothing. It uses no regular expression,
 * which a hostile text could make slow: each part of the pattern is looked for once, from left to right.
 */
export function fitsGlob(pattern: string, text: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return text === first;
  const end = text.length - last.length;
  if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
