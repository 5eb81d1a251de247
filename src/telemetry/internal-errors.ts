import type { Clock } from '../model/clock.ts';
import type { Log } from './log.ts';

/** The part of the code in which a callback threw. */
export type ErrorOrigin =
  /** The life of a request. */
  | 'request'
  /** A connection of a client, or to a backend. */
  | 'client'
  | 'backend'
  | 'timer'
  | 'log'
  | 'probe'
  | 'source'
  /** Whoever is told of a new snapshot. */
  | 'snapshot'
  /** A message between supervisor and worker. */
  | 'channel'
  | 'admin'
  /** Nothing caught it: without `surviveExceptions` the process would have ended. */
  | 'process';

/** So many different causes are logged; all errors are counted. */
const MAX_CAUSES = 100;

/**
 * Counts the exceptions of our own code in this process by origin, and logs each cause once. They are caught where each
 * ends one thing (a request, a connection, a timer) and not the process.
 */
export class InternalErrors {
  readonly counts: Record<string, number> = {};
  readonly #logged = new Set<string>();
  #log: Pick<Log, 'error'> | undefined;

  /** Sets the log that causes are written to. */
  logTo(log: Pick<Log, 'error'>): void {
    this.#log = log;
  }

  /** Counts an error. Never throws. */
  report(where: ErrorOrigin, error: unknown): void {
    this.counts[where] = (this.counts[where] ?? 0) + 1;
    try {
      const stack = describe(error);
      const cause = `${where} ${causeOf(stack)}`;
      if (this.#logged.has(cause) || this.#logged.size > MAX_CAUSES) return;
      this.#logged.add(cause);
      const isLast = this.#logged.size > MAX_CAUSES;
      if (isLast) this.#log?.error({ where }, 'more kinds of internal errors are only counted');
      else this.#log?.error({ where, stack }, `internal error (${where}): ${stack.split('\n', 1)[0]}`);
    } catch {
      // Describing or logging the error failed; it is counted already.
    }
  }
}

/** The internal errors of this process. There is one for all, since uncaught exceptions belong to the process as well. */
export const internalErrors = new InternalErrors();

/** Wraps a function so that what it throws is counted and goes no further. */
export function guarded<A extends unknown[]>(
  where: ErrorOrigin,
  run: (...args: A) => void,
): (...args: A) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      internalErrors.report(where, error);
    }
  };
}

/** Wraps a clock so that what its timers throw is counted and goes no further. */
export function guardedClock(clock: Clock): Clock {
  return clock instanceof GuardedClock ? clock : new GuardedClock(clock);
}

class GuardedClock implements Clock {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  elapsed(): number {
    return this.#clock.elapsed();
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#clock.after(delayMs, guarded('timer', run));
  }
}

/** Counts and logs uncaught exceptions instead of ending the process, which other requests need (docs/decisions/0023). */
export function surviveExceptions(log: Pick<Log, 'error'>): void {
  internalErrors.logTo(log);
  process.on('uncaughtException', (error) => internalErrors.report('process', error));
  process.on('unhandledRejection', (error) => internalErrors.report('process', error));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : `${String(error)} was thrown`;
}

/** Identifies a cause by the top frames of the stack: the message may be different each time. */
function causeOf(stack: string): string {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  return frames.length === 0 ? stack.slice(0, 200) : frames.slice(0, 3).join('\n');
}
