import { fieldList, isField, listHas, trimmed } from './field.ts';

/** How heads are judged, the same for all connections. */
export interface HeadRules {
  readonly maxHeaders: number;
  /** Keep request headers with `_` in their names. */
  readonly keepUnderscores: boolean;
}

// RFC 9110, section 5.6.2: the characters of a token, except the underscore.
export const TOKEN = "!#$%&'*+\\-.^`|~0-9A-Za-z";
/** A header's value to the end of its line: no control but the tab. */
export const VALUE_LINE = '[\\t\\x20-\\x7e\\x80-\\xff]*\\r\\n';

/** Bytes that no head may contain, and no part of one: bare CR or LF and other controls. */
export const NEVER_IN_A_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|(?:^|[^\r])\n|\r[^\n]/;

/**
 * Whether an expression matches all of a text up to the end of its head.
 * @param blank the offset of the CRLF CRLF that ends the head
 */
export function isWhole(expression: RegExp, text: string, blank: number): boolean {
  expression.lastIndex = 0;
  return expression.test(text) && expression.lastIndex === blank + 4;
}

/** Body lengths that are not a number of bytes. */
export const CHUNKED = -1;
export const UNTIL_CLOSE = -2;

/** Shared, so that a head of which nothing is dropped allocates no list. */
const NONE_DROPPED: readonly number[] = [];

/** Headers that a Connection header cannot have dropped: they frame or route the message. */
const NOT_NOMINATED = [
  '',
  'close',
  'keep-alive',
  'upgrade',
  'te',
  'host',
  'content-length',
  'transfer-encoding',
];

/**
 * The head of a message: its validated text, and the offsets of the header lines that are not forwarded. `text` is latin1, one
 * character a byte, and may hold bytes beyond the head.
 */
export abstract class Head {
  text = '';
  /** The offset of the first header line, and that of the empty line after the last. */
  fieldsStart = 0;
  fieldsEnd = 0;
  /** Pairs of offsets, ascending: the lines from the first to before the second are dropped. */
  dropped: readonly number[] = NONE_DROPPED;
  /** Bytes of the body, `CHUNKED` or `UNTIL_CLOSE`. */
  length = 0;
  keepAlive = true;
  /** HTTP/1.minor */
  minor = 1;
  /** The values that decide the framing; undefined while no such line was seen. */
  contentLength: string | undefined = undefined;
  /** The header line to forward in place of a dropped Content-Length; else empty. */
  lengthLine = '';
  transferEncoding: string | undefined = undefined;
  /** The values of all Connection headers, in lower case. */
  connection = '';

  /** Where the head ends and the body begins. */
  get end(): number {
    return this.fieldsEnd + 2;
  }

  /** The header lines to forward, each with its CRLF. */
  fields(): string {
    const { text, dropped } = this;
    let from = this.fieldsStart;
    let out = '';
    for (let i = 0; i < dropped.length; i += 2) {
      out += text.slice(from, dropped[i]);
      from = dropped[i + 1] as number;
    }
    return out + text.slice(from, this.fieldsEnd);
  }

  /**
   * The header lines to forward as a list (`fieldList`), for protocols that have lists in place of text.
   * @param added header lines that we add, each with its CRLF
   */
  lines(added = ''): string[] {
    return fieldList(this.fields() + this.lengthLine + added);
  }

  /** The first value of a header, trimmed. For rare needs: it looks at every line. */
  field(lowerName: string): string | undefined {
    for (let p = this.fieldsStart; p < this.fieldsEnd; p = this.text.indexOf('\r\n', p) + 2) {
      if (isField(this.text, p, lowerName)) {
        return trimmed(this.text, p + lowerName.length + 1, this.text.indexOf('\r\n', p));
      }
    }
    return undefined;
  }

  /** All values of a header, trimmed, in the order of their lines. For rare needs, as `field`. */
  all(lowerName: string): string[] {
    const values: string[] = [];
    for (let p = this.fieldsStart; p < this.fieldsEnd; ) {
      const q = this.text.indexOf('\r\n', p);
      if (isField(this.text, p, lowerName)) values.push(trimmed(this.text, p + lowerName.length + 1, q));
      p = q + 2;
    }
    return values;
  }

  /** Drops the line from `from` to before `to`. Lines are dropped in ascending order. */
  drop(from: number, to: number): void {
    if (this.dropped === NONE_DROPPED) {
      this.dropped = [from, to];
      return;
    }
    const dropped = this.dropped as number[];
    if (dropped[dropped.length - 1] === from) dropped[dropped.length - 1] = to;
    else dropped.push(from, to);
  }

  /** Reads the Content-Length line from `p` to `q`. */
  readLength(p: number, q: number): void {
    this.contentLength = trimmed(this.text, p + 15, q);
    // A length that is not in its shortest form is written anew, so that no server behind us reads another one.
    if (this.contentLength.length > 1 && this.contentLength.charCodeAt(0) === 48) {
      this.drop(p, q + 2);
      this.lengthLine = `Content-Length: ${Number(this.contentLength)}\r\n`;
    }
  }

  addConnection(value: string): void {
    this.connection =
      this.connection === '' ? value.toLowerCase() : `${this.connection},${value.toLowerCase()}`;
  }

  hasConnectionOption(option: string): boolean {
    return this.connection !== '' && listHas(this.connection, option);
  }

  /** Drops every header that a Connection header nominates (RFC 9110, section 7.6.1). */
  dropNominated(): void {
    // Nearly all messages say one of these two, which nominate nothing: no list is made for them (bench/micro).
    if (this.connection === 'keep-alive' || this.connection === 'close') return;
    const names = new Set(this.connection.split(',').map((option) => trimmed(option, 0, option.length)));
    for (const kept of NOT_NOMINATED) names.delete(kept);
    if (names.size > 0) this.dropNamed(names);
  }

  /**
   * Drops every header of certain names. Where there is none of them it costs one search.
   * @param names an expression of `headerNames`
   */
  dropFound(names: RegExp): void {
    const { text, fieldsEnd, dropped } = this;
    names.lastIndex = this.fieldsStart - 2;
    if (!names.test(text) || names.lastIndex > fieldsEnd) return;
    this.dropped = NONE_DROPPED;
    let i = 0;
    do {
      const from = text.lastIndexOf('\r\n', names.lastIndex - 1) + 2;
      while (i < dropped.length && (dropped[i + 1] as number) <= from)
        this.drop(dropped[i++] as number, dropped[i++] as number);
      const isDropped = i < dropped.length && (dropped[i] as number) <= from;
      if (!isDropped) this.drop(from, text.indexOf('\r\n', from) + 2);
    } while (names.test(text) && names.lastIndex <= fieldsEnd);
    while (i < dropped.length) this.drop(dropped[i++] as number, dropped[i++] as number);
  }

  /** Drops every header of these names, which are in lower case. */
  dropNamed(names: ReadonlySet<string>): void {
    const dropped = this.dropped;
    this.dropped = NONE_DROPPED;
    let i = 0;
    for (let p = this.fieldsStart; p < this.fieldsEnd; ) {
      const next = this.text.indexOf('\r\n', p) + 2;
      while (i < dropped.length && (dropped[i + 1] as number) <= p) i += 2;
      const isDropped = i < dropped.length && (dropped[i] as number) <= p;
      if (isDropped || names.has(this.text.slice(p, this.text.indexOf(':', p)).toLowerCase()))
        this.drop(p, next);
      p = next;
    }
  }
}
