import type { Clock } from '../model/clock.ts';

/** Lets a number of lines pass in each period, and tells at its end how many more there would have been. */
export class Ration {
  readonly #clock: Clock;
  readonly #most: number;
  readonly #perMs: number;
  readonly #tellMore: (more: number) => void;
  #used = 0;
  #cancel: (() => void) | undefined;

  /**
   * @param most lines that pass in a period
   * @param perMs the length of the period, which begins with its first line
   * @param tellMore is called at the end with the number of lines that did not pass, if there were any
   */
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

  /** Ends the period. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const more = this.#used - this.#most;
    this.#used = 0;
    if (more > 0) this.#tellMore(more);
  }
}
