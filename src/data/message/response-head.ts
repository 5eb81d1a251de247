import { STATUS_CODES } from 'node:http';
import { ProxyError } from '../errors.ts';
import { fieldText, isField, trimmed } from './field.ts';
import { bodyLength } from './framing.ts';
import { Head, type HeadRules, isWhole, TOKEN, UNTIL_CLOSE, VALUE_LINE } from './head.ts';

export class ResponseHead extends Head {
  status = 0;
  /** How long the backend keeps an idle connection, in seconds, if it says so; else 0. */
  idleSeconds = 0;
}

const STATUS_LINE = `HTTP/1\\.[01] [1-5][0-9][0-9](?: ${VALUE_LINE}|\\r\\n)`;
const RESPONSE = new RegExp(`${STATUS_LINE}(?:[${TOKEN}_]+:${VALUE_LINE})*\\r\\n`, 'y');
const WITH_BLANKS = new RegExp(`${STATUS_LINE}(?:[${TOKEN}_]+[ \\t]*:${VALUE_LINE})*\\r\\n`, 'y');
const BLANKS = new RegExp(`^([${TOKEN}_]+)[ \\t]+:`, 'gm');
const WHOLE_LINE = new RegExp(`^${STATUS_LINE}$`);
const UNFINISHED_LINE = /^(?:H|HT|HTT|HTTP|HTTP\/(?:1(?:\.(?:[01](?: (?:[1-5][0-9]{0,2})?)?)?)?)?)?$/;

const refuse = (detail: string) => new ProxyError('bad-response', detail);
const MALFORMED = refuse('malformed response head');
const TOO_MANY = refuse('too many header lines');
const TWO_LENGTHS = refuse('more than one Content-Length');
const TWO_CODINGS = refuse('more than one Transfer-Encoding');

/** Whether a response may begin with that line, or with a part of a line, which has no CRLF yet. */
export function mayBeginResponse(line: string): boolean {
  if (line.endsWith('\r\n')) return WHOLE_LINE.test(line);
  // After the status any byte may follow that may be in a head.
  return line.length > 12
    ? /^[ \r]$/.test(line.charAt(12)) && mayBeginResponse(line.slice(0, 12))
    : UNFINISHED_LINE.test(line);
}

/** Whether the body is a stream of events, which are sent when they happen (HTML, section 9.2). */
export function isEventStream(head: ResponseHead): boolean {
  return /^text\/event-stream[ \t]*(?:;|$)/i.test(head.field('content-type') ?? '');
}

/**
 * The response head at the start of `text`. Known mistakes of servers are accepted where they have one meaning and the line is
 * written anew anyway; then the text of the head differs from the text that was read.
 * @param blank the offset of the CRLF CRLF that ends the head
 * @param method of the request, which decides whether there is a body (RFC 9112, section 6.3)
 */
export function parseResponseHead(
  text: string,
  blank: number,
  method: string,
  rules: HeadRules,
): ResponseHead | ProxyError {
  if (!isWhole(RESPONSE, text, blank)) {
    if (!isWhole(WITH_BLANKS, text, blank)) return MALFORMED;
    // RFC 9112, section 5.1: a proxy removes the blanks before a colon.
    const clean = text.slice(0, blank + 4).replace(BLANKS, '$1:');
    return parseResponseHead(clean, clean.length - 4, method, rules);
  }
  const head = new ResponseHead();
  head.text = text;
  head.fieldsStart = text.indexOf('\r\n') + 2;
  head.fieldsEnd = blank + 2;
  head.minor = text.charCodeAt(7) - 48;
  head.status = text.charCodeAt(9) * 100 + text.charCodeAt(10) * 10 + text.charCodeAt(11) - 48 * 111;
  return readFields(head, rules) ?? frame(head, method) ?? head;
}

/** The status line, with its CRLF, of a response of ours or of one that came without a status line. */
export function statusLine(status: number): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
}

/**
 * The head of a response whose header lines came as a list, judged like every other.
 * @param line the status line, with its CRLF
 * @param fields names and values by turns, as Node's `rawHeaders` has them
 */
export function listedResponseHead(
  line: string,
  fields: readonly string[],
  method: string,
  rules: HeadRules,
): ResponseHead | ProxyError {
  const lines = fieldText(fields);
  if (lines === undefined) return MALFORMED;
  const text = `${line}${lines}\r\n`;
  return parseResponseHead(text, text.length - 4, method, rules);
}

function readFields(head: ResponseHead, rules: HeadRules): ProxyError | undefined {
  const { text, fieldsEnd } = head;
  let count = 0;
  for (let p = head.fieldsStart; p < fieldsEnd; ) {
    const q = text.indexOf('\r\n', p);
    if (++count > rules.maxHeaders) return TOO_MANY;
    // Most lines are told apart by their first letter alone.
    switch (text.charCodeAt(p) | 0x20) {
      case 0x63: // c
      case 0x74: {
        // t
        const error = readFramingField(head, p, q);
        if (error !== undefined) return error;
        break;
      }
      case 0x6b: // k
        if (isField(text, p, 'keep-alive')) {
          const seconds = /(?:^|[ ,;])timeout=(\d{1,6})/i.exec(trimmed(text, p + 11, q));
          if (seconds !== null) head.idleSeconds = Number(seconds[1]);
          head.drop(p, q + 2);
        }
        break;
      case 0x70: // p
        if (isField(text, p, 'proxy-connection')) head.drop(p, q + 2);
        break;
      case 0x75: // u
        // A 426 is about its Upgrade header (RFC 9110, section 15.5.22).
        if (head.status !== 426 && isField(text, p, 'upgrade')) head.drop(p, q + 2);
        break;
    }
    p = q + 2;
  }
  return undefined;
}

/** Reads Content-Length, Connection or Transfer-Encoding. */
function readFramingField(head: ResponseHead, p: number, q: number): ProxyError | undefined {
  const { text } = head;
  if (isField(text, p, 'content-length')) {
    if (head.contentLength === undefined && !mustNotHaveLength(head.status)) head.readLength(p, q);
    else {
      const value = trimmed(text, p + 15, q);
      // RFC 9112, section 6.3: a length that is repeated with the same value counts once.
      if ((head.contentLength ?? value) !== value) return TWO_LENGTHS;
      head.contentLength = value;
      head.drop(p, q + 2);
    }
  } else if (isField(text, p, 'connection')) {
    head.addConnection(trimmed(text, p + 11, q));
    head.drop(p, q + 2);
  } else if (isField(text, p, 'transfer-encoding')) {
    if (head.transferEncoding !== undefined) return TWO_CODINGS;
    head.transferEncoding = trimmed(text, p + 18, q);
    head.drop(p, q + 2);
  }
  return undefined;
}

/** RFC 9110, section 8.6: 1xx and 204 have no Content-Length. */
function mustNotHaveLength(status: number): boolean {
  return status < 200 || status === 204;
}

function frame(head: ResponseHead, method: string): ProxyError | undefined {
  const length = bodyLength(head.contentLength, head.transferEncoding, head.minor);
  if (typeof length === 'object') return refuse(length.error);
  // Servers such as nginx send this value although they need not; it needs no list.
  if (head.connection === 'keep-alive') head.keepAlive = true;
  else if (head.connection !== '') {
    head.keepAlive =
      head.minor === 1 ? !head.hasConnectionOption('close') : head.hasConnectionOption('keep-alive');
    head.dropNominated();
  } else if (head.minor === 0) head.keepAlive = false;
  const hasNoBody = method === 'HEAD' || head.status === 304 || mustNotHaveLength(head.status);
  head.length = hasNoBody ? 0 : (length ?? UNTIL_CLOSE);
  // A server may send the body that a 204 must not have; it would be read as the next response.
  if (head.length === UNTIL_CLOSE || (mustNotHaveLength(head.status) && (length ?? 0) !== 0))
    head.keepAlive = false;
  return undefined;
}
