import { CUT } from '../labels/limits.ts';

/** What is kept of one text within an entry, in bytes: more than a label may have. */
const MAX_TEXT = 128 * 1024;
/** What is kept of an entry: more than the labels of a container may have together. */
const MAX_ENTRY = 512 * 1024;
/** How deep maps and lists may lie in each other; those of an Engine do not half as deep. */
const MAX_DEPTH = 64;
/** What may stand between the entries of a list, in bytes. */
const MAX_FRAME = 1024 * 1024;
/** Of a larger one only what it begins with is looked at: its id and its name stand there. */
const BEGINNING = 4_096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_LIST, OPEN_MAP, CLOSE_LIST, CLOSE_MAP] = [0x5b, 0x7b, 0x5d, 0x7d];
const U = 0x75;

/**
 * The maps and lists within a JSON list, each parsed as soon as it is whole: a list of any length is never parsed in one
 * turn. A text within an entry that is too long is cut and ends with `CUT`; of an entry that is too long only id and name are
 * known, and that it is.
 */
export class JsonEntries {
  readonly #entries: unknown[] = [];
  #depth = 0;
  #isInText = false;
  /** Bytes that belong to an escape still; -1 right behind its backslash. */
  #escape = 0;
  /** Bytes of the text so far. */
  #text = 0;
  #isCut = false;
  /** The parts of the entry that are kept. */
  #parts: Buffer[] = [];
  #size = 0;
  #kept = 0;
  /** The list with a 0 in the place of each entry. */
  #frame = '';

  /** Takes what came next. Throws where an entry is no JSON. */
  push(piece: Buffer): void {
    let from = 0;
    let backslash = piece.indexOf(BACKSLASH);
    for (let i = 0; i < piece.length; i++) {
      const byte = piece[i] as number;
      if (this.#isInText) {
        if (this.#isEnd(byte)) {
          if (this.#isCut) from = i;
          this.#isCut = false;
        } else if (this.#text > MAX_TEXT && this.#escape === 0 && this.#depth > 1 && !this.#isCut) {
          // Never within an escape.
          this.#keep(piece.subarray(from, i + 1));
          this.#keep(Buffer.from(CUT));
          this.#isCut = true;
        }
      } else if (byte === QUOTE) {
        const end = piece.indexOf(QUOTE, i + 1);
        if (backslash !== -1 && backslash < i) backslash = piece.indexOf(BACKSLASH, i);
        // Most texts are short, without escapes and whole: nobody looks at their bytes one by one.
        const isPlain = end !== -1 && end - i <= MAX_TEXT && (backslash === -1 || backslash > end);
        if (isPlain) i = end;
        this.#isInText = !isPlain;
        this.#text = 0;
      } else if (byte === OPEN_LIST || byte === OPEN_MAP) {
        if (++this.#depth > MAX_DEPTH) throw new SyntaxError('no list of maps');
        if (this.#depth !== 2) continue;
        this.#frameBy(piece.subarray(from, i));
        from = i;
      } else if (byte === CLOSE_LIST || byte === CLOSE_MAP) {
        if (--this.#depth !== 1) continue;
        this.#finish(piece.subarray(from, i + 1));
        from = i + 1;
      }
    }
    if (this.#depth <= 1) this.#frameBy(piece.subarray(from));
    else if (!this.#isCut) this.#keep(piece.subarray(from));
  }

  /** Bytes that were kept so far. */
  get kept(): number {
    return this.#kept;
  }

  /** The entries of the whole. Throws unless it is a list that came to its end. */
  end(): readonly unknown[] {
    const frame: unknown = JSON.parse(this.#frame);
    if (!Array.isArray(frame) || this.#depth !== 0) throw new SyntaxError('no list');
    return this.#entries;
  }

  #frameBy(part: Buffer): void {
    this.#frame += part.toString('latin1');
    if (this.#frame.length > MAX_FRAME) throw new SyntaxError('no list of maps');
  }

  /** Takes a byte of a text; true if it is the quote that ends it. */
  #isEnd(byte: number): boolean {
    this.#text++;
    if (this.#escape === -1) this.#escape = byte === U ? 4 : 0;
    else if (this.#escape > 0) this.#escape--;
    else if (byte === BACKSLASH) this.#escape = -1;
    else if (byte === QUOTE) {
      this.#isInText = false;
      return true;
    }
    return false;
  }

  #keep(part: Buffer): void {
    // A copy: the piece is a part of a buffer that is larger, and used again.
    if (this.#size <= MAX_ENTRY) {
      this.#parts.push(Buffer.from(part));
      this.#kept += part.length;
    }
    this.#size += part.length;
  }

  #finish(last: Buffer): void {
    this.#keep(last);
    const text = Buffer.concat(this.#parts).toString();
    this.#entries.push(this.#size <= MAX_ENTRY ? JSON.parse(text) : tooLarge(text.slice(0, BEGINNING)));
    this.#parts = [];
    this.#size = 0;
    this.#frame += '0';
  }
}

/** A container of which no more is known than who it is, and that its labels are too long. */
function tooLarge(beginning: string): unknown {
  const [, Id = ''] = /"Id":\s*"([0-9a-f]{64})"/.exec(beginning) ?? [];
  const [, name = Id.slice(0, 12)] = /"Names":\s*\["([^"\\]{1,255})"/.exec(beginning) ?? [];
  return { Id, Names: [name], State: 'running', Labels: { 'fairlead.*': CUT } };
}
