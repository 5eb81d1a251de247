/** How fast what was measured is forgotten: after this long without news a third of it counts. */
const DECAY_MS = 10_000;

/**
 * What a backend's next response is expected to take: an average over time that rises at once to every peak and
 * falls slowly (the "peak EWMA" of Finagle). Without news it fades, so that a backend that was slow is asked again.
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

  /** In milliseconds; 0 while nothing was measured. */
  expected(now: number): number {
    return this.#ms === 0 ? 0 : this.#ms * this.#fade(now);
  }

  #fade(now: number): number {
    return Math.exp((this.#at - now) / DECAY_MS);
  }
}
