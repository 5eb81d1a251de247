import { ProxyError } from '../errors.ts';

/**
 * Nearly every host is a plain name, with or without a port. Ports of five digits are matched here up to 59999, which needs no
 * comparison with the greatest port.
 */
const PLAIN_AUTHORITY = /^[0-9A-Za-z.-]+(?::(?:[0-9]{1,4}|[1-5][0-9]{4}))?$/;
// RFC 3986, section 3.2.2, without user information. A comma would make it a list.
const AUTHORITY =
  /^(?:(?:[0-9A-Za-z\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})+|(\[[0-9A-Fa-f:.]+\]))(?::([0-9]{1,5}))?$/;
const HTTP_URL = /^(https?):\/\/([^/?]+)(.*)$/i;

const NO_HOST = new ProxyError('bad-request', 'the Host header is missing');
const BAD_TARGET = new ProxyError('bad-request', 'the request target is neither a path nor an http URL');
const HOST_MISMATCH = new ProxyError('bad-request', 'the URL and the Host header name different hosts');
const NO_CONNECT = new ProxyError('not-implemented', 'CONNECT is for forward proxies');

/** Whether a text is `host` or `host:port` (RFC 3986, section 3.2). */
export function isAuthority(text: string): boolean {
  if (PLAIN_AUTHORITY.test(text)) return true;
  const parts = AUTHORITY.exec(text);
  if (parts === null || (parts[2] !== undefined && Number(parts[2]) > 65_535)) return false;
  return parts[1] === undefined || URL.canParse(`http://${parts[1]}`);
}

/** What an absolute URL in place of a path says: its authority, and the target that remains. */
export interface UrlTarget {
  readonly host: string;
  readonly target: string;
}

/**
 * Judges the target (RFC 9112, section 3.2). Undefined for one that is taken as it is: a path, or the `*` of OPTIONS. A URL is
 * taken apart; its authority must be that of the Host header.
 * @param host the Host header; empty without one
 */
export function readTarget(
  method: string,
  target: string,
  host: string,
  minor: number,
): UrlTarget | ProxyError | undefined {
  if (method === 'CONNECT') return NO_CONNECT;
  if (host === '' && minor === 1) return NO_HOST;
  if (target.charCodeAt(0) === 0x2f) return undefined;
  if (target === '*') return method === 'OPTIONS' ? undefined : BAD_TARGET;
  const url = HTTP_URL.exec(target);
  const authority = url?.[2] as string;
  if (url === null || !isAuthority(authority)) return BAD_TARGET;
  if (host !== '' && !isSameHost(authority, host, url[1]?.length === 5 ? ':443' : ':80'))
    return HOST_MISMATCH;
  const rest = url[3] as string;
  // RFC 9112, section 3.2.4: a URL that is no more than the host means the server itself.
  if (rest === '' && method === 'OPTIONS') return { host: authority, target: '*' };
  return { host: authority, target: rest.startsWith('/') ? rest : `/${rest}` };
}

/** Whether two authorities name the same host, with or without the default port. */
function isSameHost(one: string, other: string, port: string): boolean {
  return one === other || withoutPort(one, port) === withoutPort(other, port);
}

/** The authority in lower case, without the default port. */
function withoutPort(authority: string, port: string): string {
  const lower = authority.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}
