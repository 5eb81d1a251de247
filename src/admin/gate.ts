import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Tries } from './tries.ts';

/** Why a request to the admin address is refused. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  /** The seconds after which the client may try again. */
  readonly retryAfter?: number;
}

/** What decides about requests to the admin address. */
export interface Gate {
  token: string | undefined;
  readonly tries: Tries;
}

/** Methods that change nothing. */
export const READS: readonly string[] = ['GET', 'HEAD'];
/** Methods for paths that change something. */
export const WRITES: readonly string[] = ['POST'];

/**
 * Tells why a request to the admin address is refused; undefined if it is let in. Without a token the address is on loopback
 * only, which keeps out other machines but not web pages in a browser of this one: the checks of Host, Origin and
 * Sec-Fetch-Site keep those out (DNS rebinding, cross-site requests).
 */
export function guard(
  request: IncomingMessage,
  { token, tries }: Gate,
  methods: readonly string[] = READS,
): Refusal | undefined {
  if (!methods.includes(request.method ?? ''))
    return {
      status: 405,
      message: `only ${methods.join(' and ')} ${methods.length > 1 ? 'are' : 'is'} answered`,
    };
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return { status: 403, message: 'requests of other sites are not answered' };
  }
  const { origin, host = '' } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    return { status: 403, message: 'requests of other origins are not answered' };
  }
  if (token !== undefined) {
    return refuseToken(request, token, tries);
  }
  if (!isOwnName(host))
    return { status: 403, message: 'without an admin token only localhost and IP addresses are answered' };
  return undefined;
}

function refuseToken(request: IncomingMessage, token: string, tries: Tries): Refusal | undefined {
  const { authorization } = request.headers;
  const address = request.socket.remoteAddress ?? '';
  if (authorization !== undefined) {
    const waitMs = tries.waitMs(address);
    if (waitMs > 0) {
      const message = 'too many wrong tokens from this address';
      return { status: 429, message, retryAfter: Math.ceil(waitMs / 1_000) };
    }
    if (isAuthorized(authorization, token)) return undefined;
    tries.failed(address);
  }
  return { status: 401, message: 'the admin token is missing or wrong' };
}

/** Whether a host is localhost or an address. Anybody could make another name lead a browser here. */
function isOwnName(host: string): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[|\]$/g, '')
    .toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0;
}

/** Whether a header has the token: as a bearer token (RFC 6750), or for browsers as the password of any user (RFC 7617). */
function isAuthorized(header: string, token: string): boolean {
  const [scheme = '', value = ''] = header.split(' ', 2);
  if (scheme.toLowerCase() === 'bearer') return isSame(value, token);
  if (scheme.toLowerCase() !== 'basic') return false;
  const decoded = Buffer.from(value, 'base64').toString('utf8');
  return isSame(decoded.slice(decoded.indexOf(':') + 1), token);
}

/** Compares two texts in a time that does not depend on where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
