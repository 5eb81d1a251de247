/** Whether a path needs any work at all; most do not. */
const NEEDS_WORK = /%|\/\/|\/\.|\\/;
const UNRESERVED = /[0-9A-Za-z\-._~]/;
/**
 * A `..` that only one side of a proxy may see: escaped, next to an escaped slash, or with a parameter. None has
 * an honest use; a plain one has.
 */
const HIDDEN_CLIMB = /(?:\/|%2f|%5c)(?!(?<=\/)\.\.(?:\/|$))(?:\.|%2e){2}(?=\/|%2f|%5c|;|%3b|$)/i;

/**
 * The path of a request target as routes see it (RFC 3986, section 6.2.2): escapes of unreserved characters
 * decoded, other escapes in upper case, dot segments removed, `//` as `/`. Undefined when it must be refused:
 * a NUL, a backslash, a broken escape, a hidden `..`, or a climb above the root.
 */
export function normalizePath(target: string): string | undefined {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  if (!NEEDS_WORK.test(path)) return path;
  if (path.includes('\\') || /%00|%(?![0-9a-f]{2})/i.test(path) || HIDDEN_CLIMB.test(path)) return undefined;
  return removeDotSegments(decodeUnreserved(path).replace(/\/{2,}/g, '/'));
}

/** The same text with escapes of unreserved characters decoded, and other escapes in upper case. */
export function decodeUnreserved(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
    return UNRESERVED.test(character) ? character : octet.toUpperCase();
  });
}

function removeDotSegments(path: string): string | undefined {
  if (!path.includes('/.')) return path;
  const segments: string[] = [];
  const parts = path.split('/').slice(1);
  for (const [i, part] of parts.entries()) {
    const isLast = i === parts.length - 1;
    if (part === '..') {
      if (segments.pop() === undefined) return undefined;
      if (isLast) segments.push('');
    } else if (part !== '.') segments.push(part);
    else if (isLast) segments.push('');
  }
  return `/${segments.join('/')}`;
}
