import { ProxyError } from '../errors.ts';
import { isField, listHas, trimmed } from './field.ts';
import { bodyLength } from './framing.ts';
import { Head, type HeadRules, isWhole } from './head.ts';
import { explainBadHead, REQUEST, REQUEST_WITH_UNDERSCORES } from './request-line.ts';
import { isAuthority, readTarget } from './request-target.ts';
import { protocolsFor } from './upgrade-field.ts';

export class RequestHead extends Head {
  method = '';
  /** The target as the client sent it; of an absolute URL, its path and query. */
  target = '';
  /** The authority, `host` or `host:port`, as the client wrote it; empty if an HTTP/1.0 request has none. */
  host = '';
  /** There is a Host header, so that the host is not from an absolute URL alone. */
  hasHostField = false;
  /** The client takes trailers (`TE: trailers`). */
  trailers = false;
  /** The protocol to upgrade to, in lower case; empty without a valid Upgrade. */
  upgrade = '';
  /** The request authenticates the connection that it is sent on, not only itself. */
  claimsConnection = false;
  /** The values of the headers in which a trusted proxy tells about the client; empty otherwise. */
  forwardedFor = '';
  forwardedProto = '';
  forwardedHost = '';
  forwardedPort = '';
  realIp = '';
  /** The Via lines (RFC 9110, section 7.6.3), which are forwarded all the same. */
  via = '';
}

/** Those of the names with a `-` that frame a message or tell about the client. */
const OURS = /^(?:x-forwarded-.*|x-real-ip|content-length|transfer-encoding|keep-alive|proxy-connection)$/i;

/** Authentication schemes that apply to a connection and all that comes on it (RFC 4559, section 6; MS-NTHT). */
const OF_CONNECTION = /^(?:ntlm|negotiate)(?![^\s,])/i;

const HOST: ReadonlySet<string> = new Set(['host']);

const refuse = (detail: string) => new ProxyError('bad-request', detail);
const BAD_HOST = refuse('the Host header is not a host');
const TWO_HOSTS = refuse('more than one Host header');
const TWO_LENGTHS = refuse('more than one Content-Length');
const TWO_CODINGS = refuse('more than one Transfer-Encoding');
const BAD_EXPECT = new ProxyError('bad-expectation', 'only 100-continue can be expected');
const TOO_MANY = new ProxyError('head-too-large', 'too many header lines');

/**
 * The request head at the start of `text`. What is ambiguous is an error, never repaired.
 * @param blank the offset of the CRLF CRLF that ends the head
 * @param trusted whether the sender's X-Forwarded-* headers are believed
 */
export function parseRequestHead(
  text: string,
  blank: number,
  rules: HeadRules,
  trusted: boolean,
): RequestHead | ProxyError {
  let hasUnderscores = false;
  if (!isWhole(REQUEST, text, blank)) {
    if (!isWhole(REQUEST_WITH_UNDERSCORES, text, blank)) return explainBadHead(text, blank);
    hasUnderscores = true;
  }
  const head = new RequestHead();
  const lineEnd = text.indexOf('\r\n');
  const methodEnd = text.indexOf(' ');
  head.text = text;
  head.fieldsStart = lineEnd + 2;
  head.fieldsEnd = blank + 2;
  head.method = text.slice(0, methodEnd);
  head.target = text.slice(methodEnd + 1, lineEnd - 9);
  head.minor = text.charCodeAt(lineEnd - 1) - 48;
  return readFields(head, rules, trusted, hasUnderscores) ?? frame(head) ?? locate(head) ?? head;
}

/** Finds in one pass over the header lines what frames or routes the request, and what must not be forwarded. */
function readFields(
  head: RequestHead,
  rules: HeadRules,
  trusted: boolean,
  hasUnderscores: boolean,
): ProxyError | undefined {
  const { text, fieldsEnd } = head;
  let count = 0;
  for (let p = head.fieldsStart; p < fieldsEnd; ) {
    const q = text.indexOf('\r\n', p);
    if (++count > rules.maxHeaders) return TOO_MANY;
    // Most lines are told apart by their first letter alone.
    switch (text.charCodeAt(p) | 0x20) {
      case 0x63: // c
      case 0x68: // h
      case 0x74: // t
      case 0x65: {
        // e
        const error = readMessageField(head, p, q);
        if (error !== undefined) return error;
        break;
      }
      case 0x78: // x
      case 0x66: // f
        readForwardedField(head, p, q, trusted);
        break;
      case 0x6b: // k
      case 0x70: // p
      case 0x75: // u
        readHopField(head, p, q);
        break;
      case 0x61: // a
        if (isField(text, p, 'authorization')) readCredentials(head, p + 14, q);
        break;
      case 0x76: // v
        if (isField(text, p, 'via')) head.via += text.slice(p, q);
        break;
    }
    if (hasUnderscores && isUnderscoreName(text, p) && !(rules.keepUnderscores && isKept(text, p)))
      head.drop(p, q + 2);
    p = q + 2;
  }
  if (head.connection !== '') readConnection(head);
  return undefined;
}

/** Reads Host, Content-Length, Transfer-Encoding, Connection, Expect, TE or Trailer. */
function readMessageField(head: RequestHead, p: number, q: number): ProxyError | undefined {
  const { text } = head;
  if (isField(text, p, 'host')) {
    if (head.host !== '') return TWO_HOSTS;
    head.host = trimmed(text, p + 5, q);
    head.hasHostField = true;
    return isAuthority(head.host) ? undefined : BAD_HOST;
  }
  if (isField(text, p, 'connection')) {
    head.addConnection(trimmed(text, p + 11, q));
    head.drop(p, q + 2);
  } else if (isField(text, p, 'content-length')) {
    if (head.contentLength !== undefined) return TWO_LENGTHS;
    head.readLength(p, q);
  } else if (isField(text, p, 'transfer-encoding')) {
    if (head.transferEncoding !== undefined) return TWO_CODINGS;
    head.transferEncoding = trimmed(text, p + 18, q);
    head.drop(p, q + 2);
  } else if (isField(text, p, 'te')) {
    head.trailers ||= listHas(trimmed(text, p + 3, q).toLowerCase(), 'trailers');
    head.drop(p, q + 2);
  } else if (isField(text, p, 'trailer')) {
    head.drop(p, q + 2);
  } else if (isField(text, p, 'expect')) {
    if (trimmed(text, p + 7, q).toLowerCase() !== '100-continue') return BAD_EXPECT;
    // HTTP/1.0 has no interim responses, so its clients wait for none.
    if (head.minor === 0) head.drop(p, q + 2);
  }
  return undefined;
}

/** Reads a header about the client. Only we set these, unless a trusted proxy sent them. */
function readForwardedField(head: RequestHead, p: number, q: number, trusted: boolean): void {
  const { text } = head;
  const isForwarded = isField(text, p, 'forwarded') || isField(text, p, 'x-real-ip');
  if (!isForwarded && !startsWithField(text, p, 'x-forwarded-')) return;
  if (!trusted) {
    head.drop(p, q + 2);
    return;
  }
  const value = trimmed(text, text.indexOf(':', p) + 1, q);
  if (isField(text, p, 'x-forwarded-for')) {
    head.forwardedFor = head.forwardedFor === '' ? value : `${head.forwardedFor}, ${value}`;
  } else if (isField(text, p, 'x-forwarded-proto')) head.forwardedProto = value;
  else if (isField(text, p, 'x-forwarded-host')) head.forwardedHost = value;
  else if (isField(text, p, 'x-forwarded-port')) head.forwardedPort = value;
  else if (isField(text, p, 'x-real-ip')) head.realIp = value;
  else return;
  head.drop(p, q + 2);
}

function readCredentials(head: RequestHead, from: number, to: number): void {
  if (OF_CONNECTION.test(trimmed(head.text, from, to))) head.claimsConnection = true;
}

/**
 * Reads Keep-Alive, Proxy-Connection, Upgrade, credentials for a proxy, or Proxy (which CGI programs take for a variable of
 * their own, CVE-2016-5385).
 */
function readHopField(head: RequestHead, p: number, q: number): void {
  const { text } = head;
  if (isField(text, p, 'upgrade')) {
    const protocols = trimmed(text, p + 8, q).toLowerCase();
    head.upgrade = head.upgrade === '' ? protocols : `${head.upgrade},${protocols}`;
    head.drop(p, q + 2);
  } else if (isField(text, p, 'proxy-authorization')) {
    readCredentials(head, p + 20, q);
  } else if (
    isField(text, p, 'keep-alive') ||
    isField(text, p, 'proxy') ||
    isField(text, p, 'proxy-connection')
  ) {
    head.drop(p, q + 2);
  }
}

function startsWithField(text: string, p: number, lowerPrefix: string): boolean {
  return text.slice(p, p + lowerPrefix.length).toLowerCase() === lowerPrefix;
}

function isUnderscoreName(text: string, p: number): boolean {
  const underscore = text.indexOf('_', p);
  return underscore !== -1 && underscore < text.indexOf(':', p);
}

/**
 * Whether a header with an underscore in its name may be forwarded, where the rules keep such headers. Not if it is the name of
 * a header of ours once `_` is taken for `-`.
 */
function isKept(text: string, p: number): boolean {
  return !OURS.test(text.slice(p, text.indexOf(':', p)).replaceAll('_', '-'));
}

function readConnection(head: RequestHead): void {
  switch (head.connection) {
    // Nearly every client sends one of these two, which need no list.
    case 'keep-alive':
      head.keepAlive = true;
      break;
    case 'close':
      head.keepAlive = false;
      break;
    default:
      head.keepAlive = !head.hasConnectionOption('close');
      head.dropNominated();
  }
}

/** Decides the length of the body, whether the connection stays, and what the request may be upgraded to. */
function frame(head: RequestHead): ProxyError | undefined {
  const length = bodyLength(head.contentLength, head.transferEncoding, head.minor);
  if (typeof length === 'object') {
    return length.unsupported ? new ProxyError('not-implemented', length.error) : refuse(length.error);
  }
  head.length = length ?? 0;
  if (head.minor === 0 && !head.hasConnectionOption('keep-alive')) head.keepAlive = false;
  if (head.upgrade !== '') head.upgrade = protocolsFor(head.upgrade, head);
  return undefined;
}

/**
 * Judges the target. Of an absolute URL, the authority becomes the host, and path and query the target (RFC 9112, section
 * 3.2.2).
 */
function locate(head: RequestHead): ProxyError | undefined {
  const url = readTarget(head.method, head.target, head.host, head.minor);
  if (url === undefined || url instanceof ProxyError) return url;
  if (head.host !== url.host) {
    head.dropNamed(HOST);
    head.hasHostField = false;
  }
  head.host = url.host;
  head.target = url.target;
  return undefined;
}
