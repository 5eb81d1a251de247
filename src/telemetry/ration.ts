import type { Clock } from '../model/clock.ts';

/** So many lines of a kind in a time; of more it is only said how many they were, when the time is over. */
export class Ration {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #perMs: number;
  readonly #tellMore: (more: number) => void;
  #used = 0;
  #cancel: (() => void) | undefined;

  /** @param tellMore says how many lines there would have been besides; at least one */
  constructor(clock: Clock, most: number, perMs: number, tellMore: (more: number) => void) {
    this.#clock = clock;
    this.#most = most;
    this.#perMs = perMs;
    this.#tellMore = tellMore;
  }

  /** Whether one more line may be written now. */
  take(): boolean {
    this.#cancel ??= this.#clock.after(this.#perMs, () => this.flush());
    return ++this.#used <= this.#most;
  }

  /** The time is over. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const more = this.#used - this.#most;
    this.#used = 0;
    if (more > 0) this.#tellMore(more);
  }
}
