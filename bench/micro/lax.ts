import type { BodySink } from '../../src/data/http1/chunked.ts';
import { isField, trimmed } from '../../src/data/message/field.ts';
import { Head } from '../../src/data/message/head.ts';

/**
 * The least that a proxy must find in a head to frame and route it, for comparison only: whether the bytes are
 * allowed, or could be understood in another way, nobody asks.
 */
export class LaxHead extends Head {
  method = '';
  target = '';
  host = '';
}

/** Reads a request or a response, which differ in their first line alone. */
export function parseLax(text: string, blank: number): LaxHead {
  const head = new LaxHead();
  const lineEnd = text.indexOf('\r\n');
  const first = text.indexOf(' ');
  head.text = text;
  head.fieldsStart = lineEnd + 2;
  head.fieldsEnd = blank + 2;
  head.method = text.slice(0, first);
  head.target = text.slice(first + 1, text.indexOf(' ', first + 1));
  for (let p = head.fieldsStart; p < head.fieldsEnd; ) {
    const q = text.indexOf('\r\n', p);
    switch (text.charCodeAt(p) | 0x20) {
      case 0x63: // c
        if (isField(text, p, 'connection')) {
          head.addConnection(trimmed(text, p + 11, q));
          head.drop(p, q + 2);
        } else if (isField(text, p, 'content-length')) head.length = Number(text.slice(p + 15, q));
        break;
      case 0x68: // h
        if (isField(text, p, 'host')) head.host = trimmed(text, p + 5, q);
        break;
      case 0x74: // t
        if (isField(text, p, 'transfer-encoding')) {
          head.length = -1;
          head.drop(p, q + 2);
        }
        break;
    }
    p = q + 2;
  }
  head.keepAlive = head.connection !== 'close';
  return head;
}

/** Decodes chunks as if every sender meant well: a size is what parses as one, and a line ends where LF is. */
export function decodeLax(body: Buffer, sink: BodySink): number {
  for (let at = 0; ; ) {
    const end = body.indexOf(10, at);
    const size = Number.parseInt(body.toString('latin1', at, end), 16);
    if (size === 0) return body.length;
    sink.body(body, end + 1, end + 1 + size);
    at = end + 3 + size;
  }
}
