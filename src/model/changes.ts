/** What of two lists is not in the other one. */
export interface Changes<T> {
  readonly gone: readonly T[];
  readonly fresh: readonly T[];
}

/** The same by where it stands: `gone` in the list before, `fresh` in the list after. */
export interface ChangedPlaces {
  readonly gone: readonly number[];
  readonly fresh: readonly number[];
}

/**
 * How one list became another, by whether values are the very same: without what is gone, the list before is the list
 * after without what is fresh. Of thousands of values few change at a time, and those that do not are kept as they are
 * and in order: so this is one walk that compares references, and whoever asks it works on the rest alone.
 */
export function changedPlaces<T>(before: readonly T[], after: readonly T[]): ChangedPlaces {
  const gone: number[] = [];
  const fresh: number[] = [];
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let [endBefore, endAfter] = [before.length, after.length];
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore--;
    endAfter--;
  }
  const places = new Map<T, number>();
  for (let i = start; i < endBefore; i++) places.set(before[i] as T, i);
  let next = start;
  for (let i = start; i < endAfter; i++) {
    const place = places.get(after[i] as T);
    // One that moved to the front of others is gone from where it was, too.
    if (place === undefined || place < next) fresh.push(i);
    else {
      while (next < place) gone.push(next++);
      next++;
    }
  }
  while (next < endBefore) gone.push(next++);
  return { gone, fresh };
}

/** The values that are gone, and those that are fresh: see `changedPlaces`. */
export function changesOf<T>(before: readonly T[], after: readonly T[]): Changes<T> {
  const { gone, fresh } = changedPlaces(before, after);
  return { gone: gone.map((i) => before[i] as T), fresh: fresh.map((i) => after[i] as T) };
}
