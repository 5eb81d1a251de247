import { distance } from 'fastest-levenshtein';

/** The most names that are compared: strangers may have set very many. */
const MOST = 1_000;
/** Longer texts are not compared: that is slow, and they are no misspelt names. */
const LONGEST = 64;
/** The share of a word that may be wrong in a misspelt name. */
const SLIP = 0.4;
/** Two letters that changed places are less than a letter that is wrong. */
const SWAP = 0.5;
/** Shorter words are part of too many names to suggest one. */
const SHORTEST_PART = 3;

/** The name that was meant by a misspelt one; undefined if none is close to it. */
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

/** Suggests a name in a question: `did you mean --grace?` Undefined if none is close. */
export function didYouMean(word: string, names: Iterable<string>, prefix = ''): string | undefined {
  const meant = nearest(word, names);
  return meant === undefined ? undefined : `did you mean ${prefix}${meant}?`;
}

/** Suggests a name at the end of a sentence: `; did you mean --grace?` Empty if none is close. */
export function suggestion(word: string, names: Iterable<string>, prefix = ''): string {
  const question = didYouMean(word, names, prefix);
  return question === undefined ? '' : `; ${question}`;
}

/** The distance of a word from a name that it may have meant; Infinity if it hardly can. */
function slip(word: string, name: string): number {
  const most = Math.max(2, name.length * SLIP);
  const longer = name.length - word.length;
  // The distance is at least the difference of the lengths.
  const off = Math.abs(longer) > most ? Number.POSITIVE_INFINITY : offBy(word, name);
  if (off <= most && off < Math.min(word.length, name.length) - 1) return off;
  // A word such as `nginx` for `shop_nginx_1` comes after misspelt ones.
  const isPart = word.length >= SHORTEST_PART && name.includes(word);
  return isPart ? most + longer : Number.POSITIVE_INFINITY;
}

/** How many letters are wrong; less than one where two neighbours changed places. */
function offBy(word: string, name: string): number {
  return isSwapped(word, name) ? SWAP : distance(word, name);
}

/** Whether nothing but two neighbours changed places. */
function isSwapped(word: string, name: string): boolean {
  if (word.length !== name.length) return false;
  let i = 0;
  while (i < word.length && word[i] === name[i]) i++;
  return (
    word[i] !== undefined &&
    word[i] === name[i + 1] &&
    word[i + 1] === name[i] &&
    word.slice(i + 2) === name.slice(i + 2)
  );
}
