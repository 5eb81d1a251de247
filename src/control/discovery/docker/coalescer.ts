import type { Clock } from '../../../model/clock.ts';

/** The shortest time between two hand-overs, in milliseconds. The first id of a burst is handed over at once. */
const TRAILING_MS = 100;

/** Collects ids that come in bursts and hands them over together. Hand-overs never overlap. */
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

  /** Forgets the ids that were not handed over yet. */
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
