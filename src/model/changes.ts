/** The difference between two lists: values that only the earlier one has, and values that only the later one has. */
export interface Changes<T> {
  readonly gone: readonly T[];
  readonly fresh: readonly T[];
}

/** The same difference as indexes: `gone` counts in the earlier list, `fresh` in the later one. */
export interface ChangedIndexes {
  readonly gone: readonly number[];
  readonly fresh: readonly number[];
}

/**
 * Finds how one list became another. The earlier list without its `gone` values is the later list without its `fresh`
 * ones. Values are compared by reference: of thousands few change at a time, and unchanged ones stay the same objects in
 * the same order, so one walk is enough and callers work on the difference alone.
 */
export function changedIndexes<T>(before: readonly T[], after: readonly T[]): ChangedIndexes {
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
  const indexes = new Map<T, number>();
  for (let i = start; i < endBefore; i++) indexes.set(before[i] as T, i);
  let next = start;
  for (let i = start; i < endAfter; i++) {
    const index = indexes.get(after[i] as T);
    // A value that moved ahead of others counts as both fresh and gone.
    if (index === undefined || index < next) fresh.push(i);
    else {
      while (next < index) gone.push(next++);
      next++;
    }
  }
  while (next < endBefore) gone.push(next++);
  return { gone, fresh };
}

/** The values at the indexes that `changedIndexes` finds. */
export function changesOf<T>(before: readonly T[], after: readonly T[]): Changes<T> {
  const { gone, fresh } = changedIndexes(before, after);
  return { gone: gone.map((i) => before[i] as T), fresh: fresh.map((i) => after[i] as T) };
}
