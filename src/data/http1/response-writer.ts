import { CHUNKED, UNTIL_CLOSE } from '../message/head.ts';
import type { RequestHead } from '../message/request-head.ts';
import { type ResponseHead, statusLine } from '../message/response-head.ts';
import type { Reply } from '../proxy/reply.ts';
import type { Flow, Output } from '../socket/output.ts';
import { chunkLine, lastChunk } from './chunked.ts';

/** How a response's body travels to a client. */
export type BodyFraming = 'length' | 'chunked' | 'close';

/** Writes the responses of a client's connection, each in the framing that the client's version knows. */
export class ResponseWriter {
  readonly #output: Output;
  #minor = 1;
  #isHead = false;
  #takesTrailers = false;
  #framing: BodyFraming = 'length';

  constructor(output: Output) {
    this.#output = output;
  }

  /**
   * Begins the answer to a request.
   * @param head absent where no request could be read
   */
  begin(head?: RequestHead): void {
    this.#minor = head?.minor ?? 1;
    this.#isHead = head?.method === 'HEAD';
    this.#takesTrailers = head?.trailers === true;
  }

  /** Writes an interim response, which HTTP/1.0 does not know. */
  inform(head: ResponseHead): void {
    if (this.#minor === 1) this.#output.text(responseText(head, 'length', ''));
  }

  /** Writes the head of a response. Returns whether the connection can stay after it: not where closing it ends the body. */
  respond(head: ResponseHead, keepAlive: boolean, fields: string): boolean {
    this.#framing = responseFraming(head, this.#minor);
    const stays = keepAlive && this.#framing !== 'close';
    const connection = connectionText(stays, this.#minor, head.status === 426);
    this.#output.text(responseText(head, this.#framing, connection + fields));
    return stays;
  }

  write(buffer: Buffer, from: number, to: number): void {
    const isChunked = this.#framing === 'chunked';
    if (isChunked) this.#output.text(chunkLine(to - from));
    this.#output.bytes(buffer, from, to);
    if (isChunked) this.#output.text('\r\n');
  }

  end(trailers: string): void {
    if (this.#framing === 'chunked') this.#output.text(lastChunk(this.#takesTrailers ? trailers : ''));
  }

  /** Writes a whole response of our own. */
  reply({ status, fields, body }: Reply, keepAlive: boolean): void {
    const date = new Date(Date.now()).toUTCString();
    this.#output.text(`${statusLine(status)}Date: ${date}\r\n${fields}Content-Length: ${body.length}\r\n`);
    this.#output.text(`${connectionText(keepAlive, this.#minor)}\r\n`);
    if (!this.#isHead) this.#output.bytes(body, 0, body.length);
  }

  flush(): Flow {
    return this.#output.flush();
  }

  /** See `Output.isFull`. */
  get isFull(): boolean {
    return this.#output.isFull;
  }
}

/** A body of unknown length is sent in chunks to clients that know them; for others it ends with the connection. */
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
  // Some servers leave out the space after a status without a reason; we must send it (RFC 9112, section 4).
  const hasReason = text.charCodeAt(12) === 0x20;
  if (head.minor === 1 && hasReason) {
    return head.dropped.length === 0
      ? text.slice(0, head.fieldsEnd) + extra
      : text.slice(0, fieldsStart) + head.fields() + extra;
  }
  return `HTTP/1.1${text.slice(8, 12)}${hasReason ? '' : ' '}${text.slice(12, fieldsStart)}${head.fields()}${extra}`;
}

/**
 * The Connection header, if a client of that version needs one to know whether its connection stays.
 * @param upgrades whether the response has an Upgrade header, which is for the client's connection alone (RFC 9110, section
 * 7.8)
 */
export function connectionText(keepAlive: boolean, clientMinor: number, upgrades = false): string {
  if (upgrades) return `Connection: ${keepAlive ? '' : 'close, '}Upgrade\r\n`;
  if (keepAlive) return clientMinor === 1 ? '' : 'Connection: keep-alive\r\n';
  return 'Connection: close\r\n';
}
