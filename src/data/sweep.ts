import type { Clock } from '../model/clock.ts';
import { internalErrors } from '../telemetry/internal-errors.ts';

/** Something with a deadline. */
export interface Expiring {
  /** The deadline, made by `Sweep.deadlineIn`; Infinity while there is none. */
  readonly deadline: number;
  /** Is called when the deadline has passed; must set a new one, or leave the sweep. */
  expire(): void;
  /** Is called when `expire` threw; must end whatever had the deadline. */
  onBroken?(error: unknown): void;
}

/** The time between two ticks, and the most that counts of it when a tick is late. */
const TICK_MS = 100;
/** A tick that comes so long after the one before shows that the process could not run in between. */
const LATE_MS = 150;
/** So long after a late tick everything that had come meanwhile is read. */
const CATCH_UP_MS = 10;

/**
 * The coarse clock of the data plane. A deadline is a number in a field, so that no request starts or stops a timer; a walk
 * over all connections at each tick finds those that are late. Nothing expires early, or more than two ticks late.
 *
 * Only time in which this process runs is counted. A time in which it could not run counts as one tick, and nothing expires
 * before what came meanwhile was read: a stall of ours is held against no client and no backend.
 */
export class Sweep {
  /** The time of the last tick, in milliseconds of this clock. */
  now: number;
  readonly #clock: Clock;
  readonly #expiring = new Set<Expiring>();
  #cancel: (() => void) | undefined;
  /** The time of the last tick, by `Clock.elapsed`. */
  #tickedAt: number;
  #isCatchingUp = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tickedAt = clock.elapsed();
    this.now = this.#tickedAt;
    this.#schedule(TICK_MS);
  }

  /** The deadline of something that may take so long from now on. A tick is added, since `now` may be one behind. */
  deadlineIn(ms: number): number {
    return this.now + TICK_MS + ms;
  }

  /** The value of `now` when a deadline was made for so many milliseconds. */
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
    // Not twice in a row: a process that is always late must keep its deadlines, too.
    this.#isCatchingUp = passed > LATE_MS && !this.#isCatchingUp;
    this.#schedule(this.#isCatchingUp ? CATCH_UP_MS : TICK_MS);
    if (this.#isCatchingUp) return;
    const { now } = this;
    for (const expiring of this.#expiring) if (expiring.deadline <= now) expire(expiring);
  }
}

/** Expires one; what it throws keeps no other from expiring. */
function expire(expiring: Expiring): void {
  try {
    expiring.expire();
  } catch (error) {
    if (expiring.onBroken === undefined) internalErrors.report('timer', error);
    else expiring.onBroken(error);
  }
}
