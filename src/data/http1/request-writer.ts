import { CHUNKED } from '../message/head.ts';
import type { RequestHead } from '../message/request-head.ts';
import { SEGMENT } from '../proxy/request-body.ts';
import type { Flow, Output } from '../socket/output.ts';
import { chunkLine, lastChunk } from './chunked.ts';

/** Writes the requests of a connection to a backend, and remembers how much of the latest was sent. */
export class RequestWriter {
  /** The whole request was handed to the output. */
  isDone = false;
  /** When the latest request began, in the sweep's milliseconds. */
  begunAt = 0;
  readonly #output: Output;
  #isChunked = false;
  #size = 0;
  #writes = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /**
   * Begins the next request.
   * @param target the request target to send
   * @param fields the header lines that we add, each with its CRLF
   */
  begin(head: RequestHead, target: string, fields: string, now: number): void {
    const text = requestText(head, target, fields);
    this.#isChunked = head.length === CHUNKED;
    this.#size = text.length;
    this.#writes = 0;
    this.isDone = false;
    this.begunAt = now;
    this.#output.text(text);
  }

  write(buffer: Buffer, from: number, to: number): void {
    this.#size += to - from;
    if (this.#isChunked) this.#output.text(chunkLine(to - from));
    this.#output.bytes(buffer, from, to);
    if (this.#isChunked) this.#output.text('\r\n');
  }

  end(trailers: string): void {
    if (this.#isChunked) this.#output.text(lastChunk(trailers));
    this.isDone = true;
  }

  flush(): Flow {
    this.#writes++;
    return this.#output.flush();
  }

  /** Flushes that the latest request has had. */
  get writes(): number {
    return this.#writes;
  }

  /** The request left in one write of at most one TCP segment: it arrives whole or not at all. */
  get isOneSegment(): boolean {
    return this.#writes === 1 && this.#size <= SEGMENT;
  }
}

/**
 * A request's head as it goes to a backend.
 * @param target the request target to send
 * @param suffix the header lines that we add, each with its CRLF
 */
export function requestText(head: RequestHead, target: string, suffix: string): string {
  const framing = requestFraming(head);
  if (target === head.target && head.minor === 1 && head.text.charCodeAt(head.method.length + 1) === 0x2f) {
    // The request line is forwarded as it came: one slice holds it and, where nothing is dropped, all headers.
    return head.dropped.length === 0
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
