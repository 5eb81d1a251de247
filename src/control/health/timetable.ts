import type { Clock } from '../../model/clock.ts';
import { guarded } from '../../telemetry/internal-errors.ts';

/** How late a call may be, so that it comes together with others. */
const STEP_MS = 20;

interface Step {
  readonly calls: Set<() => void>;
  readonly cancel: () => void;
}

/**
 * Calls that are due at about the same time come together: one timer for all, and above all one turn of the event loop
 * for what they begin. A thousand probes a second are fifty turns so.
 */
export class Timetable {
  readonly #clock: Clock;
  /** By the step in which they are due, counted from the clock's zero. */
  readonly #steps = new Map<number, Step>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `run` once, not before `delayMs` and a moment later at most; the answer cancels it. */
  after(delayMs: number, run: () => void): () => void {
    const at = Math.ceil((this.#clock.elapsed() + delayMs) / STEP_MS);
    const { calls } = this.#steps.get(at) ?? this.#open(at);
    calls.add(run);
    return () => {
      calls.delete(run);
      if (calls.size > 0) return;
      this.#steps.get(at)?.cancel();
      this.#steps.delete(at);
    };
  }

  #open(at: number): Step {
    const calls = new Set<() => void>();
    const cancel = this.#clock.after(at * STEP_MS - this.#clock.elapsed(), () => {
      this.#steps.delete(at);
      for (const run of calls) guarded('timer', run)();
    });
    const step = { calls, cancel };
    this.#steps.set(at, step);
    return step;
  }
}
