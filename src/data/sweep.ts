import type { Clock } from '../model/clock.ts';
import { internalErrors } from '../telemetry/internal-errors.ts';

/** Something that must happen by a time. */
export interface Expiring {
  /** By `Sweep.deadlineIn`; Infinity while there is nothing to wait for. */
  readonly deadline: number;
  /** The deadline has passed. It sets a new one, or leaves the sweep. */
  expire(): void;
  /** That threw: what it is must end, whatever becomes of it. */
  onBroken?(error: unknown): void;
}

/** How often deadlines are looked at, and the most that counts of the time in between. */
const TICK_MS = 100;
/** A tick that comes so long after the one before shows that the process was kept from running. */
const LATE_MS = 150;
/** So long after such a time what came in it was read. */
const CATCH_UP_MS = 10;

/**
 * The coarse clock of the data plane. A deadline is a number that is written, so that a request starts and
 * stops no timer; one walk over all connections each tick finds the ones that are late: never early, and two ticks late at most.
 *
 * It counts only time in which this process runs. What keeps it from running counts as one tick, and nothing expires before what
 * came meanwhile was read: a stall of ours is held against nobody.
 */
export class Sweep {
  /** As of the last tick, in milliseconds of this clock. */
  now: number;
  readonly #clock: Clock;
  readonly #expiring = new Set<Expiring>();
  #cancel: (() => void) | undefined;
  /** `Clock.elapsed` of the last tick. */
  #tickedAt: number;
  #isCatchingUp = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tickedAt = clock.elapsed();
    this.now = this.#tickedAt;
    this.#schedule(TICK_MS);
  }

  /** The deadline of what may take so long from now on, of which `now` may be a tick behind. */
  deadlineIn(ms: number): number {
    return this.now + TICK_MS + ms;
  }

  /** What `now` was when that deadline was made for so long. */
  madeAt(deadline: number, ms: number): number {
    return deadline - TICK_MS - ms;
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

  #schedule(delayMs: number): void {
    this.#cancel = this.#clock.after(delayMs, () => this.#tick());
  }

  #tick(): void {
    const elapsed = this.#clock.elapsed();
    const passed = elapsed - this.#tickedAt;
    this.#tickedAt = elapsed;
    this.now += Math.min(passed, TICK_MS);
    // Once only: a process that never gets to run in time has deadlines, too.
    this.#isCatchingUp = passed > LATE_MS && !this.#isCatchingUp;
    this.#schedule(this.#isCatchingUp ? CATCH_UP_MS : TICK_MS);
    if (this.#isCatchingUp) return;
    const { now } = this;
    for (const expiring of this.#expiring) if (expiring.deadline <= now) expire(expiring);
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
