/** The time constant of the decay: after so long without a measurement about a third is left. */
const DECAY_MS = 10_000;

/**
 * The time that a backend's next response should take: an average that rises to every peak at once and falls slowly (the
 * "peak EWMA" of Finagle). Without measurements it fades, so that a backend that was slow gets requests again.
 */
export class Latency {
  #ms = 0;
  #at = 0;

  /**
   * @param ms from the start of an attempt to the head of its response
   * @param now `Clock.elapsed`
   */
  observe(ms: number, now: number): void {
    if (ms >= this.#ms) this.#ms = ms;
    else {
      const kept = this.#fade(now);
      this.#ms = this.#ms * kept + ms * (1 - kept);
    }
    this.#at = now;
  }

  /** The expected time in milliseconds; 0 before the first measurement. */
  expected(now: number): number {
    return this.#ms === 0 ? 0 : this.#ms * this.#fade(now);
  }

  #fade(now: number): number {
    return Math.exp((this.#at - now) / DECAY_MS);
  }
}
