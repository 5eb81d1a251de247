/**
 * Whether a request's body comes fast enough. A client may pause for so long in all, and earns that time again by what it
 * sends: each second costs the bytes of a second at the least rate. So a byte now and then does not hold a place for ever,
 * and a slow upload that goes on is never cut. Only time in which it is the client's turn counts.
 */
export class Pace {
  readonly #mostMs: number;
  /** What a byte earns; 0 without a least rate. */
  readonly #msPerByte: number;
  #leftMs = 0;
  #counted = 0;
  /** When it became the client's turn, in the sweep's milliseconds; NaN when it is not. */
  #since = Number.NaN;

  /**
   * @param bytesPerSecond the least rate; 0 is none
   * @param mostMs how long the client may pause when it has sent enough, and at first
   */
  constructor(bytesPerSecond: number, mostMs: number) {
    this.#mostMs = mostMs;
    this.#msPerByte = bytesPerSecond > 0 ? 1_000 / bytesPerSecond : 0;
  }

  /** Another body begins. */
  begin(): void {
    this.#leftMs = this.#mostMs;
    this.#counted = 0;
    this.#since = Number.NaN;
  }

  /** It is the client's turn, `size` bytes of whose body have come. Answers how long it may take for the next one. */
  go(now: number, size: number): number {
    this.stop(now);
    this.#since = now;
    if (this.#msPerByte === 0) return this.#mostMs;
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + (size - this.#counted) * this.#msPerByte);
    this.#counted = size;
    return this.#leftMs;
  }

  /** It is no longer the client's turn. */
  stop(now: number): void {
    if (Number.isNaN(this.#since)) return;
    this.#leftMs -= now - this.#since;
    this.#since = Number.NaN;
  }
}
