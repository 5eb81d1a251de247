import { distance } from 'fastest-levenshtein';

/** A longer text is no slip of the pen, and comparing it costs more than it is worth. */
const MAX_SLIP = 64;
/** So much of a word may be wrong for it to be meant all the same. */
const SLIP = 0.4;
/** A shorter part of a name is a part of too many. */
const SHORTEST_PART = 3;

/** What was meant by a word that is none of these; undefined where nothing is close to it. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > MAX_SLIP) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const off = slip(lower, candidate.toLowerCase());
    if (off < least) [best, least] = [candidate, off];
  }
  return best;
}

/** The same as the end of a sentence: `; did you mean --grace?`, or nothing. */
export function suggestion(word: string, candidates: Iterable<string>, prefix = ''): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? '' : `; did you mean ${prefix}${meant}?`;
}

/** How far a word is from one that was meant by it; infinitely if it hardly can have been. */
function slip(word: string, candidate: string): number {
  const off = distance(word, candidate);
  const most = Math.max(2, candidate.length * SLIP);
  if (off <= most && off < Math.min(word.length, candidate.length) - 1) return off;
  // `nginx` for `shop_nginx_1`: after what is only misspelt.
  const isPart = word.length >= SHORTEST_PART && candidate.includes(word);
  return isPart ? most + off : Number.POSITIVE_INFINITY;
}
