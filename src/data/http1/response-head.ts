import { bodyLength } from './framing.ts';
import { Head, type HeadRules, isField, TOKEN, trimmed, UNTIL_CLOSE, VALUE_LINE } from './head.ts';

export class ResponseHead extends Head {
  status = 0;
  /** How long the backend keeps an idle connection, in seconds, if it says so; else 0. */
  idleSeconds = 0;
}

const STATUS_LINE = `HTTP/1\\.[01] [1-5][0-9][0-9](?: ${VALUE_LINE}|\\r\\n)`;
const RESPONSE = new RegExp(`${STATUS_LINE}(?:[${TOKEN}_]+:${VALUE_LINE})*\\r\\n`, 'y');

/**
 * The response head at the start of `text`; `blank` is the offset of its CRLF CRLF. A string says what is
 * wrong with it.
 * @param method of the request, which decides whether there is a body (RFC 9112, section 6.3)
 */
export function parseResponseHead(
  text: string,
  blank: number,
  method: string,
  rules: HeadRules,
): ResponseHead | string {
  RESPONSE.lastIndex = 0;
  if (!RESPONSE.test(text) || RESPONSE.lastIndex !== blank + 4) return 'malformed response head';
  const head = new ResponseHead();
  head.text = text;
  head.fieldsStart = text.indexOf('\r\n') + 2;
  head.fieldsEnd = blank + 2;
  head.minor = text.charCodeAt(7) - 48;
  head.status = text.charCodeAt(9) * 100 + text.charCodeAt(10) * 10 + text.charCodeAt(11) - 48 * 111;
  return readFields(head, rules) ?? frame(head, method) ?? head;
}

function readFields(head: ResponseHead, rules: HeadRules): string | undefined {
  const { text, fieldsEnd } = head;
  let count = 0;
  for (let p = head.fieldsStart; p < fieldsEnd; ) {
    const q = text.indexOf('\r\n', p);
    if (++count > rules.maxHeaders) return 'too many header lines';
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
          head.cut(p, q + 2);
        }
        break;
      case 0x70: // p
        if (isField(text, p, 'proxy-connection')) head.cut(p, q + 2);
        break;
      case 0x75: // u
        if (isField(text, p, 'upgrade')) head.cut(p, q + 2);
        break;
    }
    p = q + 2;
  }
  return undefined;
}

/** Content-Length, Connection, Transfer-Encoding. */
function readFramingField(head: ResponseHead, p: number, q: number): string | undefined {
  const { text } = head;
  if (isField(text, p, 'content-length')) {
    if (head.contentLength !== undefined) return 'more than one Content-Length';
    if (mustNotHaveLength(head.status)) {
      head.contentLength = trimmed(text, p + 15, q);
      head.cut(p, q + 2);
    } else head.readLength(p, q);
  } else if (isField(text, p, 'connection')) {
    head.addConnection(trimmed(text, p + 11, q));
    head.cut(p, q + 2);
  } else if (isField(text, p, 'transfer-encoding')) {
    if (head.transferEncoding !== undefined) return 'more than one Transfer-Encoding';
    head.transferEncoding = trimmed(text, p + 18, q);
    head.cut(p, q + 2);
  }
  return undefined;
}

/** RFC 9110, section 8.6: no Content-Length in 1xx and 204. */
function mustNotHaveLength(status: number): boolean {
  return status < 200 || status === 204;
}

function frame(head: ResponseHead, method: string): string | undefined {
  const length = bodyLength(head.contentLength, head.transferEncoding, head.minor);
  if (typeof length === 'object') return length.error;
  // The one that servers send that need not, such as nginx, needs no list.
  if (head.connection === 'keep-alive') head.keepAlive = true;
  else if (head.connection !== '') {
    head.keepAlive =
      head.minor === 1 ? !head.hasConnectionOption('close') : head.hasConnectionOption('keep-alive');
    head.cutNominated();
  } else if (head.minor === 0) head.keepAlive = false;
  const hasNoBody = method === 'HEAD' || head.status === 304 || mustNotHaveLength(head.status);
  head.length = hasNoBody ? 0 : (length ?? UNTIL_CLOSE);
  // The body that a 204 must not have may come all the same, and would be read as the next response.
  if (head.length === UNTIL_CLOSE || (mustNotHaveLength(head.status) && (length ?? 0) !== 0))
    head.keepAlive = false;
  return undefined;
}
