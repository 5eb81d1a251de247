import type { Clock } from '../../../model/clock.ts';

/** At least this long between two hand-overs: the first of a burst is acted on at once. */
const TRAILING_MS = 100;

/** Collects ids that come in bursts and hands them over together, never twice at one time. */
export class Coalescer {
  readonly #clock: Clock;
  readonly #handOver: (ids: readonly string[]) => Promise<void>;
  readonly #ids = new Set<string>();
  #isBusy = false;
  #at = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;

  /** @param handOver never rejects */
  constructor(clock: Clock, handOver: (ids: readonly string[]) => Promise<void>) {
    this.#clock = clock;
    this.#handOver = handOver;
  }

  add(...ids: string[]): void {
    for (const id of ids) this.#ids.add(id);
    if (!this.#isBusy && this.#cancel === undefined && this.#ids.size > 0) this.#schedule();
  }

  /** Forgets what was not handed over yet. */
  stop(): void {
    this.#ids.clear();
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #schedule(): void {
    const wait = this.#at + TRAILING_MS - this.#clock.elapsed();
    if (wait <= 0) void this.#run();
    else {
      this.#cancel = this.#clock.after(wait, () => {
        this.#cancel = undefined;
        void this.#run();
      });
    }
  }

  async #run(): Promise<void> {
    const ids = [...this.#ids];
    this.#ids.clear();
    this.#isBusy = true;
    this.#at = this.#clock.elapsed();
    await this.#handOver(ids);
    this.#isBusy = false;
    if (this.#ids.size > 0) this.#schedule();
  }
}
