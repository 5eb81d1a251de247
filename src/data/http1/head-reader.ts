import { NEVER_IN_A_HEAD } from '../message/head.ts';
import { Gathered } from '../socket/gathered.ts';

/** Most heads fit into this many bytes. More are made a string only when these hold no whole head. */
const FIRST_GUESS = 1_024;
/** Bytes of a first line that are judged before the line ends. */
const FIRST_LINE_GUESS = 256;

/** What the bytes that have come amount to. */
export type HeadState = 'whole' | 'partial' | 'malformed' | 'too-large';

/** Whether a head may begin with that text: a whole first line with its CRLF, or a part of one without. */
export type Beginning = (line: string) => boolean;

/**
 * Collects the bytes of a head until it is whole. Of the grammar it knows only how a head may begin and where it ends. Each
 * byte is looked at once, in whatever pieces they come.
 */
export class HeadReader {
  /** The buffer that holds the head, from `from` to before `to`; what follows the head may be body. */
  bytes: Buffer = EMPTY;
  from = 0;
  to = 0;
  /** The head as latin1, possibly with some of what follows. Of a malformed or too large head, what has come of it. */
  text = '';
  /** Offset in `text` of the head's final CRLF CRLF. */
  blank = -1;
  readonly #mayBegin: Beginning;
  /** The bytes of a head that is not whole yet. */
  #kept: Gathered | undefined;
  /** The first line of the kept bytes is whole and allowed. */
  #hasBegun = false;

  constructor(mayBegin: Beginning = () => true) {
    this.#mayBegin = mayBegin;
  }

  /** A head has begun, and is not whole yet. */
  get isPartial(): boolean {
    return this.#kept !== undefined;
  }

  /** There are bytes that were not looked at. */
  get hasBytes(): boolean {
    return this.from < this.to;
  }

  /** Takes more bytes. The buffer is only borrowed: what must stay is copied. */
  read(buffer: Buffer, from: number, to: number, maxSize: number): HeadState {
    if (this.#kept !== undefined) return this.#readOn(this.#kept, buffer, from, to, maxSize);
    this.#set(buffer, from, to);
    return this.find(maxSize);
  }

  /** Looks for a head at `from` of the bytes it has. */
  find(maxSize: number): HeadState {
    const size = this.to - this.from;
    this.#slice(Math.min(size, FIRST_GUESS));
    if (this.blank === -1 && size > FIRST_GUESS) this.#slice(Math.min(size, maxSize));
    if (this.blank !== -1) return this.blank + 4 <= maxSize ? 'whole' : 'too-large';
    this.#hasBegun = false;
    const state = this.#judge(this.text, this.text, size, maxSize);
    if (state !== 'partial') return state;
    this.#kept = new Gathered(size);
    this.#kept.add(this.bytes, this.from, this.to);
    this.#letGo();
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

  /** Goes on behind the head, which ends before `offset` of `text`. */
  consume(offset: number): void {
    this.from += offset;
    this.text = '';
  }

  /** Lets go of the buffer if all of it was used: an idle connection holds none. */
  release(): void {
    if (!this.hasBytes) this.bytes = EMPTY;
  }

  reset(): void {
    this.#kept = undefined;
    this.#letGo();
  }

  /** Looks for the end of the head in the new bytes, and in the three before them, where it may have begun. */
  #readOn(kept: Gathered, buffer: Buffer, from: number, to: number, maxSize: number): HeadState {
    const seen = kept.length;
    kept.add(buffer, from, to);
    const { bytes } = kept;
    const end = Math.min(bytes.length, maxSize);
    const start = Math.max(0, seen - 3);
    const at = bytes.toString('latin1', start, end).indexOf('\r\n\r\n');
    if (at !== -1) {
      this.#take(bytes);
      this.blank = start + at;
      this.text = bytes.toString('latin1', 0, this.blank + 4);
      return 'whole';
    }
    // A CR before the new bytes is judged again: what follows it makes it allowed or not.
    const fresh = bytes.toString('latin1', bytes[seen - 1] === CR ? seen - 1 : seen, end);
    // The first line is judged while it is short, and once more when it ends: not with each byte of a long one.
    const isDue = !this.#hasBegun && (seen < FIRST_LINE_GUESS || fresh.includes('\n'));
    const state = this.#judge(isDue ? bytes.toString('latin1', 0, end) : '', fresh, bytes.length, maxSize);
    if (state === 'partial') return state;
    this.#take(bytes);
    this.text = bytes.toString('latin1', 0, end);
    return state;
  }

  /**
   * Judges bytes that hold no end of a head.
   * @param text all of them if the first line is to be judged, else empty
   * @param fresh those that are new
   */
  #judge(text: string, fresh: string, size: number, maxSize: number): HeadState {
    if (text !== '') {
      const end = text.indexOf('\r\n');
      const line = end === -1 ? text.slice(0, FIRST_LINE_GUESS) : text.slice(0, end + 2);
      if (NEVER_IN_A_HEAD.test(line) || !this.#mayBegin(line)) return 'malformed';
      this.#hasBegun = end !== -1;
    }
    if (NEVER_IN_A_HEAD.test(fresh)) return 'malformed';
    return size >= maxSize ? 'too-large' : 'partial';
  }

  /** Makes the kept bytes the current ones. */
  #take(bytes: Buffer): void {
    this.#kept = undefined;
    this.#set(bytes, 0, bytes.length);
  }

  #letGo(): void {
    this.text = '';
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
const CR = 13;
