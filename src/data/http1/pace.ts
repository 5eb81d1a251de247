/**
 * Whether a request's body comes fast enough. The client has an allowance of time. Waiting for its bytes uses it up, and each
 * byte that comes gives some of it back, by the least rate. So a byte now and then does not hold a place for ever, and a slow
 * upload that goes on is never cut. Only time in which it is the client's turn counts.
 */
export class Pace {
  readonly #mostMs: number;
  /** Milliseconds that a byte gives back; 0 without a least rate. */
  readonly #msPerByte: number;
  #leftMs = 0;
  #counted = 0;
  /** When it became the client's turn, in the sweep's milliseconds; NaN when it is not. */
  #since = Number.NaN;

  /**
   * @param bytesPerSecond the least rate; 0 is none
   * @param mostMs the allowance, at first and at most
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

  /**
   * It is the client's turn. Returns how many milliseconds it may take for the next byte.
   * @param size bytes of its body that have come
   */
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
