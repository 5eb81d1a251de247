import type { RequestHead } from '../message/request-head.ts';
import { type ResponseHead, statusLine } from '../message/response-head.ts';
import type { Reply } from '../proxy/reply.ts';
import type { Flow, Transport } from '../socket/transport.ts';
import { chunkLine, lastChunk } from './chunked.ts';
import { type BodyFraming, connectionText, responseFraming, responseText } from './write.ts';

/** Writes the responses of a client's connection, each in the framing that the client's version knows. */
export class ResponseWriter {
  readonly #transport: Transport;
  #minor = 1;
  #isHead = false;
  #takesTrailers = false;
  #framing: BodyFraming = 'length';

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** What follows answers that request; without one, something that could not be read. */
  begin(head?: RequestHead): void {
    this.#minor = head?.minor ?? 1;
    this.#isHead = head?.method === 'HEAD';
    this.#takesTrailers = head?.trailers === true;
  }

  /** An interim response, which HTTP/1.0 does not know. */
  inform(head: ResponseHead): void {
    if (this.#minor === 1) this.#transport.text(responseText(head, 'length', ''));
  }

  /** Answers whether the connection can stay after it: not when its end is the body's. */
  respond(head: ResponseHead, keepAlive: boolean, fields: string): boolean {
    this.#framing = responseFraming(head, this.#minor);
    const stays = keepAlive && this.#framing !== 'close';
    const connection = connectionText(stays, this.#minor, head.status === 426);
    this.#transport.text(responseText(head, this.#framing, connection + fields));
    return stays;
  }

  write(buffer: Buffer, from: number, to: number): void {
    const isChunked = this.#framing === 'chunked';
    if (isChunked) this.#transport.text(chunkLine(to - from));
    this.#transport.bytes(buffer, from, to);
    if (isChunked) this.#transport.text('\r\n');
  }

  end(trailers: string): void {
    if (this.#framing === 'chunked') this.#transport.text(lastChunk(this.#takesTrailers ? trailers : ''));
  }

  /** A whole response of our own. */
  reply({ status, fields, body }: Reply, keepAlive: boolean): void {
    const date = new Date(Date.now()).toUTCString();
    this.#transport.text(`${statusLine(status)}Date: ${date}\r\n${fields}Content-Length: ${body.length}\r\n`);
    this.#transport.text(`${connectionText(keepAlive, this.#minor)}\r\n`);
    if (!this.#isHead) this.#transport.bytes(body, 0, body.length);
  }

  flush(): Flow {
    return this.#transport.flush();
  }

  /** As the transport's. */
  get isFull(): boolean {
    return this.#transport.isFull;
  }
}
