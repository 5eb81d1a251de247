import type { ProxyError } from '../errors.ts';
import type { Transport } from '../socket/transport.ts';

const PREFACE_SIZE = 24;
const FRAME_HEAD_SIZE = 9;
const HEADERS = 0x01;
/** An empty SETTINGS frame: each side of HTTP/2 begins with one. */
const SETTINGS = Buffer.from('000000040000000000', 'hex');
const HTTP_1_1_REQUIRED = 0x0d;
const NOTHING = Buffer.alloc(0);

/**
 * Tells a client that begins with HTTP/2 to speak HTTP/1.1, in HTTP/2's own words: its first request is refused with
 * HTTP_1_1_REQUIRED (RFC 9113, section 7). curl then asks again in HTTP/1.1; other clients report the reason. To refuse
 * anything before the first request would be a protocol error. After a GOAWAY, or an answer in HTTP/1, clients report an error
 * that gives no reason.
 */
export class Http2Refusal {
  readonly #transport: Transport;
  readonly #head = Buffer.alloc(FRAME_HEAD_SIZE);
  #filled = 0;
  #isDone = false;
  /** Bytes still to skip: the preface, then the body of each frame. */
  #skip = PREFACE_SIZE;

  /** Undefined when the client does not speak HTTP/2. */
  static of({ code }: ProxyError, transport: Transport): Http2Refusal | undefined {
    return code === 'http2-preface' ? new Http2Refusal(transport) : undefined;
  }

  private constructor(transport: Transport) {
    this.#transport = transport;
    this.#send(SETTINGS);
  }

  /** Takes what the client sends, from the preface on. Once its request is refused the rest is ignored. */
  read(chunk: Buffer = NOTHING): void {
    for (let at = 0; at < chunk.length && !this.#isDone; ) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      this.#skip -= skipped;
      at += skipped;
      if (at === chunk.length) break;
      this.#head[this.#filled++] = chunk[at++] as number;
      if (this.#filled === FRAME_HEAD_SIZE) this.#readHead();
    }
  }

  #readHead(): void {
    this.#filled = 0;
    this.#skip = this.#head.readUIntBE(0, 3);
    if (this.#head[3] !== HEADERS) return;
    this.#isDone = true;
    const reset = Buffer.from('00000403000000000000000000', 'hex');
    reset.writeUInt32BE(this.#head.readUInt32BE(5), 5);
    reset.writeUInt32BE(HTTP_1_1_REQUIRED, FRAME_HEAD_SIZE);
    this.#send(reset);
  }

  #send(frame: Buffer): void {
    this.#transport.bytes(frame, 0, frame.length);
    this.#transport.flush();
  }
}
