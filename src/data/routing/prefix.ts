import { decodeUnreserved } from './path.ts';

/**
 * What is left of a path behind a route's prefix: byte for byte as the client wrote it, but for the slashes at its
 * beginning, which become one (`//` at the beginning of a target would be read as a host, RFC 3986, section 4.2).
 * @param raw as the client sent it, without its query
 * @param path the same normalised; it begins with the prefix
 * @param prefix normalised, without a slash at its end
 */
export function withoutPrefix(raw: string, path: string, prefix: string): string {
  // Most paths are written as they are meant.
  const at = raw === path ? prefix.length : prefixEnd(raw, prefix);
  let from = at === -1 ? prefix.length : at;
  const whole = at === -1 ? path : raw;
  if (from === whole.length) return '/';
  while (whole.charCodeAt(from + 1) === 0x2f) from++;
  return whole.slice(from);
}

/**
 * Where in the raw path the prefix ends, however it is written (`//api`, `/%61pi`, `/x/../api`): the first place from which
 * on no `..` climbs out of it again. -1 if there is none.
 */
function prefixEnd(raw: string, prefix: string): number {
  const wanted = prefix.split('/').slice(1);
  let end = -1;
  let depth = 0;
  /** So many of the segments that count are those of the prefix. */
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
