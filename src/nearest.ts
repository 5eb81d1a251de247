import { distance } from 'fastest-levenshtein';

/** So many names are compared: they may be those of strangers, and very many. */
const MOST = 1_000;
/** A longer text is no slip of the pen, and comparing it costs more than it is worth. */
const LONGEST = 64;
/** So much of a word may be wrong for it to be meant all the same. */
const SLIP = 0.4;
/** A shorter part of a name is a part of too many. */
const SHORTEST_PART = 3;

/** What was meant by a word that is none of these; undefined where nothing is close to it. */
export function nearest(word: string, names: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  let left = MOST;
  for (const name of names) {
    if (name.length > LONGEST) continue;
    if (left-- === 0) break;
    const off = slip(lower, name.toLowerCase());
    if (off < least) [best, least] = [name, off];
  }
  return best;
}

/** The same as a question: `did you mean --grace?` */
export function didYouMean(word: string, names: Iterable<string>, prefix = ''): string | undefined {
  const meant = nearest(word, names);
  return meant === undefined ? undefined : `did you mean ${prefix}${meant}?`;
}

/** The same as the end of a sentence, `; did you mean --grace?`, or nothing. */
export function suggestion(word: string, names: Iterable<string>, prefix = ''): string {
  const question = didYouMean(word, names, prefix);
  return question === undefined ? '' : `; ${question}`;
}

/** How far a word is from a name that was meant by it; infinitely if it hardly can have been. */
function slip(word: string, name: string): number {
  const most = Math.max(2, name.length * SLIP);
  const longer = name.length - word.length;
  // The distance is the difference of the lengths at least.
  const off = Math.abs(longer) > most ? Number.POSITIVE_INFINITY : distance(word, name);
  if (off <= most && off < Math.min(word.length, name.length) - 1) return off;
  // `nginx` for `shop_nginx_1`: after what is only misspelt.
  const isPart = word.length >= SHORTEST_PART && name.includes(word);
  return isPart ? most + longer : Number.POSITIVE_INFINITY;
}
