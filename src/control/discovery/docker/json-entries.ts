import { CUT } from '../labels/limits.ts';

/** How much of one text within an entry is kept, in bytes: more than a label may have. */
const MAX_TEXT = 128 * 1024;
/** How much of an entry is kept, in bytes: more than the labels of a container may have together. */
const MAX_ENTRY = 512 * 1024;
/** The deepest nesting of maps and lists. An Engine's lists are less than half as deep. */
const MAX_DEPTH = 64;
/** The most bytes between the entries of a list. */
const MAX_FRAME = 1024 * 1024;
/** How much of an entry that is too long is looked at, in bytes: id and name are at its beginning. */
const BEGINNING = 4_096;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_LIST, OPEN_MAP, CLOSE_LIST, CLOSE_MAP] = [0x5b, 0x7b, 0x5d, 0x7d];
const U = 0x75;

/**
 * Parses the maps and lists of a JSON list one by one, as soon as each is complete, so that a long list is never parsed in
 * one turn. A text within an entry that is too long is shortened and ends with `CUT`. An entry that is too long is replaced by a
 * container of which only id and name are known.
 */
export class JsonEntries {
  readonly #entries: unknown[] = [];
  #depth = 0;
  #isInText = false;
  /** How many more bytes belong to the current escape; -1 right after its backslash. */
  #escape = 0;
  /** The length of the current text so far, in bytes. */
  #text = 0;
  #isCut = false;
  /** The parts of the current entry that are kept. */
  #parts: Buffer[] = [];
  #size = 0;
  #kept = 0;
  /** The list without its entries: each is replaced by a 0. */
  #frame = '';

  /** Takes the next piece. Throws if an entry is not valid JSON. */
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
          // The text is shortened here, which is never within an escape.
          this.#keep(piece.subarray(from, i + 1));
          this.#keep(Buffer.from(CUT));
          this.#isCut = true;
        }
      } else if (byte === QUOTE) {
        const end = piece.indexOf(QUOTE, i + 1);
        if (backslash !== -1 && backslash < i) backslash = piece.indexOf(BACKSLASH, i);
        // Most texts are short, complete and without escapes, so their bytes need not be looked at one by one.
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

  /** The number of bytes that were kept so far. */
  get kept(): number {
    return this.#kept;
  }

  /** The entries of the list. Throws if it is not a complete list. */
  end(): readonly unknown[] {
    const frame: unknown = JSON.parse(this.#frame);
    if (!Array.isArray(frame) || this.#depth !== 0) throw new SyntaxError('no list');
    return this.#entries;
  }

  #frameBy(part: Buffer): void {
    this.#frame += part.toString('latin1');
    if (this.#frame.length > MAX_FRAME) throw new SyntaxError('no list of maps');
  }

  /** Takes a byte of a text; true if it is the closing quote. */
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
    // The part is copied, because it belongs to a larger buffer that is used again.
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

/** Stands for a container whose labels are too long: only its id and name are known. */
function tooLarge(beginning: string): unknown {
  const [, Id = ''] = /"Id":\s*"([0-9a-f]{64})"/.exec(beginning) ?? [];
  const [, name = Id.slice(0, 12)] = /"Names":\s*\["([^"\\]{1,255})"/.exec(beginning) ?? [];
  return { Id, Names: [name], State: 'running', Labels: { 'fairlead.*': CUT } };
}
