import type { Clock } from '../../model/clock.ts';

/** Something that empties by itself. */
interface Emptying {
  /** Calls a function when it is empty; at once if it is. */
  whenEmpty(run: () => void): void;
}

/**
 * Resolves when all of these are empty, or after so many milliseconds. They are waited for in their order: what leaves one may
 * come into the next, as a connection whose handshake is over becomes a client.
 */
export function emptied(all: readonly Emptying[], clock: Clock, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(mostMs, resolve);
    const next = ([first, ...others]: readonly Emptying[]): void => {
      if (first === undefined) resolve(cancel());
      else first.whenEmpty(() => next(others));
    };
    next(all);
  });
}
