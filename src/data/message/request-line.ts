import { ProxyError } from '../errors.ts';
import { isWhole, NEVER_IN_A_HEAD, TOKEN, VALUE_LINE } from './head.ts';
import { otherProtocol } from './other-protocol.ts';

// One expression stands for the whole head, so that one pass of native code says that every byte of it is allowed.
// Its target has no controls, no `#`, and nothing beyond ASCII.
const REQUEST_LINE = `[${TOKEN}_]+ [\\x21\\x22\\x24-\\x7e]+ HTTP/1\\.[01]\\r\\n`;
export const REQUEST = new RegExp(`${REQUEST_LINE}(?:[${TOKEN}]+:${VALUE_LINE})*\\r\\n`, 'y');
export const REQUEST_WITH_UNDERSCORES = new RegExp(
  `${REQUEST_LINE}(?:[${TOKEN}_]+:${VALUE_LINE})*\\r\\n`,
  'y',
);

/** A request line of another HTTP version, and an unfinished beginning of a valid one. */
const OTHER_VERSION = new RegExp(`^[${TOKEN}_]+ [\\x21\\x22\\x24-\\x7e]+ HTTP/(?!1\\.[01]$)\\d+\\.\\d+$`);
const UNFINISHED_LINE = new RegExp(
  `^[${TOKEN}_]*$|^[${TOKEN}_]+ (?:[\\x21\\x22\\x24-\\x7e]*$|[\\x21\\x22\\x24-\\x7e]+ (?:H|HT|HTT|HTTP|HTTP/\\d*(?:\\.\\d*)?\\r?)?$)`,
);

const refuse = (detail: string) => new ProxyError('bad-request', detail);
const CONTROL = refuse('the request head has a control character');
const BAD_LINE = refuse('the request line is malformed');

/** Whether a request may begin with that line, or with a part of a line, which has no CRLF yet. */
export function mayBeginRequest(line: string): boolean {
  return line.endsWith('\r\n')
    ? isWhole(REQUEST, `${line}\r\n`, line.length - 2)
    : UNFINISHED_LINE.test(line);
}

/**
 * What is wrong with the first line of a text, whole or not; undefined when nothing is. An error in the first line comes before
 * all errors behind it, so that a head is refused in the same way whether the rest has come or not.
 */
export function explainBeginning(text: string): ProxyError | undefined {
  const end = text.indexOf('\r\n');
  const line = end === -1 ? text : text.slice(0, end);
  const other = otherProtocol(line);
  if (other !== undefined) return other;
  if (NEVER_IN_A_HEAD.test(line)) return CONTROL;
  if (end !== -1 && OTHER_VERSION.test(line))
    return new ProxyError('bad-version', 'only HTTP/1.0 and HTTP/1.1 are spoken here');
  return mayBeginRequest(text.slice(0, end === -1 ? undefined : end + 2)) ? undefined : BAD_LINE;
}

/** The error of a head that is not allowed: tells which part of it is wrong. */
export function explainBadHead(text: string, blank: number): ProxyError {
  const beginning = explainBeginning(text);
  if (beginning !== undefined) return beginning;
  if (NEVER_IN_A_HEAD.test(text.slice(0, blank + 4))) return CONTROL;
  const lines = text.slice(text.indexOf('\r\n') + 2, blank).split('\r\n');
  const bad = lines.findIndex(
    (field) => !isWhole(REQUEST_WITH_UNDERSCORES, `GET / HTTP/1.1\r\n${field}\r\n\r\n`, 16 + field.length),
  );
  return refuse(`header line ${bad + 1} is malformed`);
}
