import { decodeUnreserved } from './path.ts';

/**
 * Takes a route's prefix off a path. The rest stays byte for byte as the client wrote it, except that slashes at its
 * beginning become one (`//` at the beginning of a target would be read as a host, RFC 3986, section 4.2).
 * @param raw the path as the client sent it, without the query
 * @param path the same path normalised; it begins with the prefix
 * @param prefix the normalised prefix, without a slash at its end
 */
export function withoutPrefix(raw: string, path: string, prefix: string): string {
  // Most paths are normalised already, so that the prefix has the same length in both.
  const at = raw === path ? prefix.length : prefixEnd(raw, prefix);
  let from = at === -1 ? prefix.length : at;
  const whole = at === -1 ? path : raw;
  if (from === whole.length) return '/';
  while (whole.charCodeAt(from + 1) === 0x2f) from++;
  return whole.slice(from);
}

/**
 * Finds where the prefix ends in the raw path, however that is written (`//api`, `/%61pi`, `/x/../api`): the first index
 * from which on no `..` climbs out of the prefix again. -1 if there is none.
 */
function prefixEnd(raw: string, prefix: string): number {
  const wanted = prefix.split('/').slice(1);
  let end = -1;
  let depth = 0;
  /** How many of the segments so far are those of the prefix. */
  let same = 0;
  for (let p = 0, q = 0; p < raw.length; p = q) {
    q = raw.indexOf('/', p + 1);
    if (q === -1) q = raw.length;
    const segment = decodeUnreserved(raw.slice(p + 1, q));
    if (segment === '..') depth--;
    else if (segment !== '' && segment !== '.') {
      if (same === depth && segment === wanted[depth]) same++;
      depth++;
    }
    same = Math.min(same, depth);
    if (depth < wanted.length) end = -1;
    else if (end === -1 && same === wanted.length) end = q;
  }
  return end;
}
