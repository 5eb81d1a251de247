import type { Clock } from '../model/clock.ts';
import { internalErrors } from '../telemetry/internal-errors.ts';

/** Something that must happen by a time. */
export interface Expiring {
  /** In the sweep's milliseconds; Infinity while there is nothing to wait for. */
  readonly deadline: number;
  /** The deadline has passed. It sets a new one, or leaves the sweep. */
  expire(): void;
  /** That threw: what it is must end, whatever becomes of it. */
  onBroken?(error: unknown): void;
}

/** How late a deadline may be noticed. */
const TICK_MS = 100;

/** A time in which this process did not run, and for how long what became late in it is spared. */
interface Stall {
  readonly from: number;
  readonly to: number;
  readonly until: number;
}

const NO_STALL: Stall = { from: 0, to: Number.NEGATIVE_INFINITY, until: 0 };

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
  #stall = NO_STALL;

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
      this.#advance();
      this.#schedule();
      const { now } = this;
      const { from, to, until } = this.#stall;
      for (const expiring of this.#expiring) {
        const { deadline } = expiring;
        if (deadline > now || (now < until && deadline > from && deadline <= to)) continue;
        expire(expiring);
      }
    });
  }

  /**
   * A process that was kept from running has not read what came in time, and what it did at its end is counted from the tick
   * before. So what became late meanwhile gets as much time again.
   */
  #advance(): void {
    const now = this.#clock.elapsed();
    const lost = now - this.now - TICK_MS;
    if (lost > TICK_MS) {
      const from = this.now < this.#stall.until ? this.#stall.from : this.now;
      this.#stall = { from, to: now, until: now + lost };
    }
    this.now = now;
  }
}

/** One that cannot end must not keep the others from it. */
function expire(expiring: Expiring): void {
  try {
    expiring.expire();
  } catch (error) {
    if (expiring.onBroken === undefined) internalErrors.report('timer', error);
    else expiring.onBroken(error);
  }
}
