import { CHUNKED, UNTIL_CLOSE } from '../message/head.ts';
import type { RequestHead } from '../message/request-head.ts';
import type { ResponseHead } from '../message/response-head.ts';

/**
 * A request's head as it goes to a backend.
 * @param target what stands for the request target
 * @param suffix the header lines that we add, each with its CRLF
 */
export function requestText(head: RequestHead, target: string, suffix: string): string {
  const framing = requestFraming(head);
  if (target === head.target && head.minor === 1 && head.text.charCodeAt(head.method.length + 1) === 0x2f) {
    // The line travels on as it came: one slice holds it and, where nothing is cut, all headers.
    return head.cuts.length === 0
      ? `${head.text.slice(0, head.fieldsEnd)}${framing}${suffix}\r\n`
      : `${head.text.slice(0, head.fieldsStart)}${head.fields()}${framing}${suffix}\r\n`;
  }
  return `${head.method} ${target} HTTP/1.1\r\n${head.fields()}${framing}${suffix}\r\n`;
}

function requestFraming(head: RequestHead): string {
  if (head.length === CHUNKED) {
    return head.trailers
      ? 'Transfer-Encoding: chunked\r\nTE: trailers\r\nConnection: TE\r\n'
      : 'Transfer-Encoding: chunked\r\n';
  }
  const te = head.trailers ? 'TE: trailers\r\nConnection: TE\r\n' : '';
  return te + head.lengthLine;
}

/** How a response's body travels to a client. */
export type BodyFraming = 'length' | 'chunked' | 'close';

/** A body whose length nobody said goes in chunks where the client knows them, else until the connection closes. */
export function responseFraming(head: ResponseHead, clientMinor: number): BodyFraming {
  if (head.length !== CHUNKED && head.length !== UNTIL_CLOSE) return 'length';
  return clientMinor === 1 ? 'chunked' : 'close';
}

/** A response's head as it goes to a client. */
export function responseText(head: ResponseHead, framing: BodyFraming, connection: string): string {
  const extra =
    framing === 'chunked'
      ? `Transfer-Encoding: chunked\r\n${connection}\r\n`
      : `${head.lengthLine}${connection}\r\n`;
  const { text, fieldsStart } = head;
  // Some servers leave out the space behind a status without a reason, which we must not (RFC 9112, section 4).
  const hasReason = text.charCodeAt(12) === 0x20;
  if (head.minor === 1 && hasReason) {
    return head.cuts.length === 0
      ? text.slice(0, head.fieldsEnd) + extra
      : text.slice(0, fieldsStart) + head.fields() + extra;
  }
  return `HTTP/1.1${text.slice(8, 12)}${hasReason ? '' : ' '}${text.slice(12, fieldsStart)}${head.fields()}${extra}`;
}

/**
 * The Connection header that a client of that version needs to know what becomes of its connection.
 * @param upgrades whether an Upgrade header goes with it, which must not go on from there (RFC 9110, section 7.8)
 */
export function connectionText(keepAlive: boolean, clientMinor: number, upgrades = false): string {
  if (upgrades) return `Connection: ${keepAlive ? '' : 'close, '}Upgrade\r\n`;
  if (keepAlive) return clientMinor === 1 ? '' : 'Connection: keep-alive\r\n';
  return 'Connection: close\r\n';
}
