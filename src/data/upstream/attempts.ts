import type { PendingAttempt } from './pending.ts';

/**
 * The attempts that run on a backend, in no order. Each knows its place in the list: every request enters and leaves one, and a set,
 * which has to hash it, costs several times as much.
 */
export class Attempts {
  readonly #list: PendingAttempt[] = [];

  get size(): number {
    return this.#list.length;
  }

  /** @param attempt one that is in no list */
  add(attempt: PendingAttempt): void {
    attempt.index = this.#list.length;
    this.#list.push(attempt);
  }

  /** @param attempt one that is in this list */
  delete(attempt: PendingAttempt): void {
    const last = this.#list.pop() as PendingAttempt;
    if (last === attempt) return;
    this.#list[attempt.index] = last;
    last.index = attempt.index;
  }

  [Symbol.iterator](): Iterator<PendingAttempt> {
    return this.#list.values();
  }
}
