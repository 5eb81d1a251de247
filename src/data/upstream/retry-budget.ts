/** How fast what was earned is forgotten. */
const MEMORY_MS = 10_000;
/** So many at one time are always allowed: with little traffic a share of it is next to nothing. */
const MIN_CONCURRENT = 3;

/**
 * Keeps retries from multiplying the load of a service that is in trouble: they may be a share of its latest
 * requests, and a few at one time in any case.
 */
export class RetryBudget {
  /** Requests so far: what is earned from. */
  requests = 0;
  #counted = 0;
  /** What is left of it. */
  #left = 0;
  #at = 0;
  #active = 0;

  /**
   * Pays for one more attempt, if it can; `release` must follow when that is over.
   * @param percent share of the requests
   * @param now `Clock.elapsed`
   */
  take(percent: number, now: number): boolean {
    this.#earn(percent, now);
    if (this.#left < 1 && this.#active >= MIN_CONCURRENT) return false;
    this.#left = Math.max(0, this.#left - 1);
    this.#active++;
    return true;
  }

  release(): void {
    this.#active--;
  }

  #earn(percent: number, now: number): void {
    const passed = now - this.#at;
    const earned = ((this.requests - this.#counted) * percent) / 100;
    // Of what came over a longer time only the latest counts.
    const latest = passed > MEMORY_MS ? (earned * MEMORY_MS) / passed : earned;
    this.#left = this.#left * Math.exp(-passed / MEMORY_MS) + latest;
    this.#counted = this.requests;
    this.#at = now;
  }
}
