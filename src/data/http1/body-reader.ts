import { CHUNKED, UNTIL_CLOSE } from '../message/head.ts';
import { type BodySink, ChunkedDecoder } from './chunked.ts';

/** Reads the bodies of a connection's messages, one after the other, by the framing of each. */
export class BodyReader {
  /** Bytes to come, `CHUNKED` or `UNTIL_CLOSE`. */
  #length = 0;
  #decoder: ChunkedDecoder | undefined = undefined;

  /**
   * Begins the next body.
   * @param length bytes, `CHUNKED` or `UNTIL_CLOSE`
   * @param allowsPadding as for `ChunkedDecoder`
   */
  begin(length: number, allowsPadding = false): void {
    this.#length = length;
    this.#decoder = length === CHUNKED ? new ChunkedDecoder(allowsPadding) : undefined;
  }

  get isComplete(): boolean {
    return this.#decoder === undefined ? this.#length === 0 : this.#decoder.done;
  }

  /** The body ends where the connection does. */
  get isUntilClose(): boolean {
    return this.#length === UNTIL_CLOSE;
  }

  /** What is wrong with the body's framing; nothing is read after an error. */
  get error(): string | undefined {
    return this.#decoder?.error;
  }

  /** The trailer lines, each with its CRLF. */
  get trailers(): string {
    return this.#decoder?.trailers ?? '';
  }

  /** Reads from `from` to before `to`. Returns where it stopped: before `to` only at the end of the body or an error. */
  read(buffer: Buffer, from: number, to: number, sink: BodySink): number {
    if (this.#decoder !== undefined) return this.#decoder.read(buffer, from, to, sink);
    const end = this.#length === UNTIL_CLOSE ? to : Math.min(to, from + this.#length);
    if (this.#length !== UNTIL_CLOSE) this.#length -= end - from;
    if (end > from) sink.body(buffer, from, end);
    return end;
  }
}
