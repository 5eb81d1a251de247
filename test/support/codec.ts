import { type Beginning, HeadReader, type HeadState } from '../../src/data/http1/head-reader.ts';

/** The ways in which the same bytes may come: at once, one by one, and cut in two anywhere (up to `last`). */
export function* splits(text: string, last = text.length - 1): Generator<Buffer[]> {
  const bytes = Buffer.from(text, 'latin1');
  yield [bytes];
  yield [...bytes].map((byte) => Buffer.of(byte));
  for (let at = 1; at <= last; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
}

/** What may follow a head in the same read: nothing of it may change what is made of the head. */
const TRAILING = ['\n', '\r\n\r\n', '\0\r\n\r\n', 'GET / HTTP/1.1\r\nHost: other\r\n\r\n', 'x'.repeat(2_000)];

export interface Judging<T> {
  readonly maxSize: number;
  readonly mayBegin: Beginning;
  parse(text: string, blank: number): T;
  /** What is wrong with what will never be a head, by its text; undefined if no more can be said. */
  explain?(text: string): T | undefined;
  /** Two verdicts are the same when they look the same. */
  show(verdict: T | HeadState): string;
}

/** The verdict on a head, after making sure that it is the same however the head comes and whatever follows. */
export function judge<T>(text: string, judging: Judging<T>): T | HeadState {
  const verdict = read([Buffer.from(text, 'latin1')], judging);
  const expected = judging.show(verdict);
  const check = (pieces: Buffer[], how: string) => {
    const shown = judging.show(read(pieces, judging));
    if (shown !== expected) throw new Error(`${how}: ${shown} instead of ${expected}`);
  };
  for (const pieces of splits(text)) check(pieces, `in ${pieces.length} pieces, first ${pieces[0]?.length}`);
  if (verdict === 'partial') return verdict;
  for (const more of TRAILING) {
    for (const pieces of splits(text + more, text.length)) {
      check(pieces, `with ${JSON.stringify(more.slice(0, 20))} behind, first ${pieces[0]?.length}`);
    }
  }
  return verdict;
}

function read<T>(
  pieces: readonly Buffer[],
  { maxSize, mayBegin, parse, explain }: Judging<T>,
): T | HeadState {
  const reader = new HeadReader(mayBegin);
  for (const piece of pieces) {
    const lent = Buffer.from(piece);
    const found = reader.read(lent, 0, lent.length, maxSize);
    if (found === 'whole') return parse(reader.text, reader.blank);
    // The bytes were only lent: whoever kept them without a copy reads rubbish from now on.
    lent.fill(0x23);
    if (found === 'malformed') return explain?.(reader.text) ?? found;
    if (found !== 'partial') return found;
  }
  return 'partial';
}
