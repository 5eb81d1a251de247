import type { Clock } from '../model/clock.ts';
import type { Log } from './log.ts';

/** Where code of ours threw that never should. */
export type Place =
  /** The life of a request. */
  | 'request'
  /** A connection of a client, or to a backend. */
  | 'client'
  | 'backend'
  | 'timer'
  | 'log'
  | 'probe'
  | 'source'
  /** Somebody who hears of snapshots. */
  | 'snapshot'
  /** A message between supervisor and worker. */
  | 'channel'
  | 'admin'
  /** Nobody's: the process would have ended. */
  | 'process';

/** Causes that are logged; all are counted. */
const MAX_CAUSES = 100;

/**
 * What code of ours threw in a callback of this process, each time caught where it ends one thing and not the process: a
 * request, a connection, a timer. Counted by place; each cause is logged once.
 */
export class InternalErrors {
  readonly counts: Record<string, number> = {};
  readonly #logged = new Set<string>();
  #log: Pick<Log, 'error'> | undefined;

  /** Where causes are logged from now on. */
  logTo(log: Pick<Log, 'error'>): void {
    this.#log = log;
  }

  /** Never throws. */
  report(where: Place, error: unknown): void {
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
      // It is counted.
    }
  }
}

/** Those of this process. One for all: where an exception ends up that nobody caught is the process, too. */
export const internalErrors = new InternalErrors();

/** The same function, but what it throws is counted, and ends there. */
export function guarded<A extends unknown[]>(where: Place, run: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      run(...args);
    } catch (error) {
      internalErrors.report(where, error);
    }
  };
}

/** The same clock, whose timers throw nothing. */
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

/** Whatever nobody caught ends one thing too many, but not the process, which others need (docs/decisions/0023). */
export function surviveExceptions(log: Pick<Log, 'error'>): void {
  internalErrors.logTo(log);
  process.on('uncaughtException', (error) => internalErrors.report('process', error));
  process.on('unhandledRejection', (error) => internalErrors.report('process', error));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? String(error)) : `${String(error)} was thrown`;
}

/** The places in the code that it came by; its words may be different each time. */
function causeOf(stack: string): string {
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  return frames.length === 0 ? stack.slice(0, 200) : frames.slice(0, 3).join('\n');
}
