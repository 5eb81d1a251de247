import { NEVER_IN_A_HEAD } from './head.ts';

/** Most heads fit: a longer prefix of the bytes is only made a string when this much holds no whole head. */
const FIRST_GUESS = 1_024;

/** What the bytes that came so far are. */
export type HeadState = 'whole' | 'partial' | 'malformed' | 'too-large';

/** Collects the bytes of a head until it is whole. Knows no grammar but where a head ends. */
export class HeadReader {
  /** The buffer that holds the head, from `from` to before `to`; what follows the head may be body. */
  bytes: Buffer = EMPTY;
  from = 0;
  to = 0;
  /** The head as latin1, and possibly some of what follows. */
  text = '';
  /** Offset in `text` of the head's final CRLF CRLF. */
  blank = -1;
  #kept: Buffer | undefined;

  /** Bytes of a head that is not whole yet are waiting. */
  get isPartial(): boolean {
    return this.#kept !== undefined;
  }

  /** Bytes are there that were not looked at. */
  get hasBytes(): boolean {
    return this.from < this.to;
  }

  /** Takes more bytes. They are only borrowed: what must stay is copied. */
  read(buffer: Buffer, from: number, to: number, maxSize: number): HeadState {
    if (this.#kept === undefined) this.#set(buffer, from, to);
    else {
      const joined = Buffer.concat([this.#kept, buffer.subarray(from, to)]);
      this.#kept = undefined;
      this.#set(joined, 0, joined.length);
    }
    return this.find(maxSize);
  }

  /** Looks for a head at `from` of the bytes it has. */
  find(maxSize: number): HeadState {
    const size = this.to - this.from;
    this.#slice(Math.min(size, FIRST_GUESS));
    if (this.blank === -1 && size > FIRST_GUESS) this.#slice(Math.min(size, maxSize));
    if (this.blank !== -1) return this.blank + 4 <= maxSize ? 'whole' : 'too-large';
    if (NEVER_IN_A_HEAD.test(this.text)) return 'malformed';
    if (size >= maxSize) return 'too-large';
    this.#kept = Buffer.from(this.bytes.subarray(this.from, this.to));
    this.#set(EMPTY, 0, 0);
    return 'partial';
  }

  /** Keeps bytes for a later `find`. They must not change. */
  hold(bytes: Buffer): void {
    if (!this.hasBytes) this.#set(bytes, 0, bytes.length);
    else {
      const joined = Buffer.concat([this.bytes.subarray(this.from, this.to), bytes]);
      this.#set(joined, 0, joined.length);
    }
  }

  /** The head has been used: its bytes end before `offset` of `text`. */
  consume(offset: number): void {
    this.from += offset;
    this.text = '';
  }

  /** Lets go of bytes that were all used: an idle connection holds none. */
  release(): void {
    if (!this.hasBytes) this.bytes = EMPTY;
  }

  reset(): void {
    this.#kept = undefined;
    this.#set(EMPTY, 0, 0);
  }

  #set(bytes: Buffer, from: number, to: number): void {
    this.bytes = bytes;
    this.from = from;
    this.to = to;
  }

  #slice(size: number): void {
    this.text = this.bytes.toString('latin1', this.from, this.from + size);
    this.blank = this.text.indexOf('\r\n\r\n');
  }
}

const EMPTY = Buffer.alloc(0);
