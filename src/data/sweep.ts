import type { Clock } from '../model/clock.ts';

/** Something that must happen by a time. */
export interface Expiring {
  /** In the sweep's milliseconds; Infinity while there is nothing to wait for. */
  readonly deadline: number;
  /** The deadline has passed. It sets a new one, or leaves the sweep. */
  expire(): void;
}

/** How late a deadline may be noticed. */
const TICK_MS = 100;

/**
 * The coarse clock of the data plane. A deadline is a number that is written, so that a request starts and
 * stops no timer; one walk over all connections each tick finds the ones that are late.
 */
export class Sweep {
  /** The clock's `elapsed`, as of the last tick. */
  now: number;
  readonly #clock: Clock;
  readonly #expiring = new Set<Expiring>();
  #cancel: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.now = clock.elapsed();
    this.#schedule();
  }

  add(expiring: Expiring): void {
    this.#expiring.add(expiring);
  }

  delete(expiring: Expiring): void {
    this.#expiring.delete(expiring);
  }

  stop(): void {
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      this.now = this.#clock.elapsed();
      for (const expiring of this.#expiring) if (expiring.deadline <= this.now) expiring.expire();
      this.#schedule();
    });
  }
}
