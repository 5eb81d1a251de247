import { TOKEN, VALUE_LINE } from '../message/head.ts';
import { Gathered } from '../socket/gathered.ts';

/** Takes the ranges of a buffer that are body. */
export interface BodySink {
  body(buffer: Buffer, from: number, to: number): void;
}

/** Limits in bytes: the extensions of one chunk line, the extensions of a whole body, the trailer section. */
const MAX_EXTENSION = 256;
const MAX_EXTENSIONS = 16_384;
const MAX_TRAILERS = 8_192;
/** 13 hexadecimal digits are below 2^53: every size stays exact. */
const MAX_DIGITS = 13;

const CR = 13;
const LF = 10;

const TRAILERS = new RegExp(`^(?:[${TOKEN}_]+:${VALUE_LINE})*$`);
/**
 * Fields that would change how the message is framed, routed or trusted if they came late (RFC 9110, section 6.5.1), with `_` too,
 * which many servers take for `-`.
 */
const FORBIDDEN_TRAILER =
  /^(?:content[-_](?:length|encoding|type|range)|transfer[-_]encoding|host|authorization|proxy[-_].*|cookie|set[-_]cookie|connection|keep[-_]alive|te|trailer|upgrade|expect|forwarded|x[-_]forwarded[-_].*|x[-_]real[-_]ip):/im;

type State = 'size' | 'padding' | 'extension' | 'sizeLf' | 'data' | 'dataCr' | 'dataLf' | 'trailer' | 'done';

/**
 * Reads a chunked body (RFC 9112, section 7.1) however it is split, strictly: hexadecimal digits, CRLF, nothing else.
 * Extensions are skipped; trailers are kept as text.
 */
export class ChunkedDecoder {
  readonly #allowsPadding: boolean;
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #lineExtension = 0;
  #allExtensions = 0;
  /** The bytes of the trailer section so far; undefined while there are none. */
  #lines: Gathered | undefined = undefined;
  /** Sizes of the trailer section and of its current line so far, and the last byte of it. */
  #trailerSize = 0;
  #lineSize = 0;
  #lastByte = 0;
  /** The trailer lines, each with its CRLF; set and validated once the body is done. */
  trailers = '';
  /** What is wrong with the framing; nothing is read after an error. */
  error: string | undefined = undefined;

  /**
   * @param allowsPadding whether blanks may follow a chunk size, as some servers send them. That is safe in responses, whose
   * bytes no proxy before us has read in another way
   */
  constructor(allowsPadding = false) {
    this.#allowsPadding = allowsPadding;
  }

  get done(): boolean {
    return this.#state === 'done' && this.error === undefined;
  }

  /** Reads from `from` to before `to`. Returns where it stopped: before `to` only at the end of the body or an error. */
  read(buffer: Buffer, from: number, to: number, sink: BodySink): number {
    let p = from;
    while (p < to && this.#state !== 'done' && this.error === undefined) {
      if (this.#state === 'data') {
        const end = Math.min(to, p + this.#size);
        sink.body(buffer, p, end);
        this.#size -= end - p;
        p = end;
        if (this.#size === 0) this.#state = 'dataCr';
      } else if (this.#state === 'trailer') {
        p = this.#readTrailers(buffer, p, to);
      } else {
        this.#readFraming(buffer[p] as number);
        p++;
      }
    }
    return p;
  }

  #readFraming(byte: number): void {
    switch (this.#state) {
      case 'size':
        this.#readSize(byte);
        break;
      case 'padding':
        this.#readPadding(byte);
        break;
      case 'extension':
        this.#readExtension(byte);
        break;
      case 'sizeLf':
        if (byte !== LF) this.error = 'CR without LF after a chunk size';
        this.#state = this.#size === 0 ? 'trailer' : 'data';
        this.#digits = 0;
        break;
      case 'dataCr':
        if (byte !== CR) this.error = 'chunk data is longer than its size';
        this.#state = 'dataLf';
        break;
      case 'dataLf':
        if (byte !== LF) this.error = 'CR without LF after chunk data';
        this.#state = 'size';
        break;
    }
  }

  #readSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      if (++this.#digits > MAX_DIGITS) this.error = 'chunk size is too large';
    } else if (this.#digits === 0) this.error = 'chunk size is missing';
    else this.#endSize(byte);
  }

  /** Reads the byte that follows the digits of a size. */
  #endSize(byte: number): void {
    this.#lineExtension = 0;
    if (byte === CR) this.#state = 'sizeLf';
    else if (byte === 0x3b) this.#state = 'extension';
    else if (this.#allowsPadding && isBlank(byte)) this.#state = 'padding';
    else this.error = 'chunk size is not hexadecimal';
  }

  #readPadding(byte: number): void {
    if (!isBlank(byte)) this.#endSize(byte);
    else if (++this.#lineExtension > MAX_EXTENSION) this.error = 'chunk size is padded too far';
  }

  #readExtension(byte: number): void {
    if (byte === CR) {
      this.#state = 'sizeLf';
      return;
    }
    this.#lineExtension++;
    this.#allExtensions++;
    if ((byte < 0x20 && byte !== 9) || byte === 0x7f) this.error = 'control character in a chunk extension';
    if (this.#lineExtension > MAX_EXTENSION || this.#allExtensions > MAX_EXTENSIONS) {
      this.error = 'chunk extensions are too long';
    }
  }

  /** Reads more of the trailer section. Returns where it stopped. */
  #readTrailers(buffer: Buffer, from: number, to: number): number {
    let p = from;
    while (p < to && this.#state === 'trailer' && this.error === undefined) {
      this.#checkTrailer(buffer[p] as number);
      p++;
    }
    // Nearly every body has no trailers: its trailer section is the empty line alone.
    if (this.#state === 'done' && this.#trailerSize === 2) return p;
    this.#lines ??= new Gathered();
    this.#lines.add(buffer, from, p);
    if (this.#state === 'done')
      this.#endTrailers(this.#lines.bytes.toString('latin1', 0, this.#trailerSize - 2));
    return p;
  }

  #checkTrailer(byte: number): void {
    const isAfterCr = this.#lastByte === CR;
    this.#lastByte = byte;
    if (++this.#trailerSize > MAX_TRAILERS) this.error = 'trailers are too long';
    else if (byte !== LF) {
      if (isAfterCr) this.error = 'CR without LF in the trailers';
      this.#lineSize++;
    } else if (!isAfterCr) this.error = 'LF without CR in the trailers';
    else {
      if (this.#lineSize === 1) this.#state = 'done';
      this.#lineSize = 0;
    }
  }

  #endTrailers(trailers: string): void {
    this.trailers = trailers;
    this.#lines = undefined;
    if (!TRAILERS.test(trailers)) this.error = 'malformed trailer';
    else if (FORBIDDEN_TRAILER.test(trailers)) this.error = 'a trailer that only a header may be';
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 9;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * The line before a chunk.
 * @param size bytes, more than 0
 */
export function chunkLine(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/**
 * The last chunk.
 * @param trailers lines, each with its CRLF
 */
export function lastChunk(trailers: string): string {
  return `0\r\n${trailers}\r\n`;
}
