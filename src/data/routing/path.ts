/** Finds paths that need any work; most do not. */
const NEEDS_WORK = /%|\/\/|\/\.|\\/;
const UNRESERVED = /[0-9A-Za-z\-._~]/;
/**
 * Finds a `..` that only one of two servers may see: escaped, next to an escaped slash, or with a parameter. Those have
 * no honest use; a plain `..` has.
 */
const HIDDEN_CLIMB = /(?:\/|%2f|%5c)(?!(?<=\/)\.\.(?:\/|$))(?:\.|%2e){2}(?=\/|%2f|%5c|;|%3b|$)/i;

/**
 * Normalises the path of a request target for the comparison with routes (RFC 3986, section 6.2.2): escapes of unreserved
 * characters are decoded, other escapes are in upper case, dot segments are removed, `//` is `/`. Returns undefined for
 * a path that must be refused: with a NUL, a backslash, a broken escape, a hidden `..`, or a climb above the root.
 */
export function normalizePath(target: string): string | undefined {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  if (!NEEDS_WORK.test(path)) return path;
  if (path.includes('\\') || /%00|%(?![0-9a-f]{2})/i.test(path) || HIDDEN_CLIMB.test(path)) return undefined;
  return removeDotSegments(decodeUnreserved(path).replace(/\/{2,}/g, '/'));
}

/** Decodes the escapes of unreserved characters in a text, and writes other escapes in upper case. */
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
