import { closest, distance } from 'fastest-levenshtein';

/** Names that one is compared with, and their longest: names come of labels, and there may be very many. */
const MOST = 1_000;
const LONGEST = 64;

/** The name that was most likely meant, unless even the nearest has little in common with what was said. */
export function nearest(said: string, names: Iterable<string>): string | undefined {
  const candidates: string[] = [];
  for (const name of names) {
    if (name.length <= LONGEST) candidates.push(name);
    if (candidates.length === MOST) break;
  }
  if (candidates.length === 0 || said.length > LONGEST) return undefined;
  const found = closest(said, candidates);
  return distance(said, found) <= Math.max(2, found.length / 3) ? found : undefined;
}

/** The same as the end of a problem. */
export function didYouMean(said: string, names: Iterable<string>): string | undefined {
  const found = nearest(said, names);
  return found && `did you mean ${found}?`;
}
