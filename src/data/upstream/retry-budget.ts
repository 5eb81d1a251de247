/** The time constant with which what was earned decays. */
const MEMORY_MS = 10_000;
/** So many retries at a time are always allowed, since a share of little traffic is next to nothing. */
const MIN_CONCURRENT = 3;

/**
 * Keeps retries from multiplying the load of a service that is in trouble: they may be a share of its latest requests,
 * and a few at a time in any case.
 */
export class RetryBudget {
  /** The number of requests so far, each of which earns a part of a retry. */
  requests = 0;
  /** How many of these have earned already. */
  #counted = 0;
  /** How many retries are earned and not spent. */
  #left = 0;
  #at = 0;
  #active = 0;

  /**
   * Pays for one more attempt, if it can; `release` must follow when that attempt is over.
   * @param percent retries per 100 requests
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
    // If more time has passed than is remembered, only the latest requests count.
    const latest = passed > MEMORY_MS ? (earned * MEMORY_MS) / passed : earned;
    this.#left = this.#left * Math.exp(-passed / MEMORY_MS) + latest;
    this.#counted = this.requests;
    this.#at = now;
  }
}
