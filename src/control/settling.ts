import type { Clock } from '../model/clock.ts';

/** How long the start waits for first checks, in milliseconds: longer than a probe may take by default. */
const FIRST_CHECKS_MS = 3_000;

/** What the start waits for. */
export interface SettlingParts {
  /** Every source was heard. */
  readonly isHeard: () => boolean;
  /** It is known of each service whether a backend of it serves. */
  readonly isJudged: () => boolean;
  /** Called when the start waits no longer, before the promises of `wait` resolve. */
  readonly onSettled: () => void;
}

/** Decides how long requests wait at the start: until they would find what there is, but not for ever. */
export class Settling {
  readonly #clock: Clock;
  readonly #parts: SettlingParts;
  #givenMs: number | undefined;
  #end: (() => void) | undefined;
  #cancelTimeout: () => void = () => {};
  #cancelChecks: (() => void) | undefined;

  constructor(clock: Clock, parts: SettlingParts) {
    this.#clock = clock;
    this.#parts = parts;
  }

  /** How long the start waited for the sources at most, in milliseconds; undefined while it waits. */
  get givenMs(): number | undefined {
    return this.#givenMs;
  }

  /** Resolves once everything is settled, or after `timeoutMs`. Never resolves after `stop`. */
  wait(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        this.stop();
        this.#givenMs = timeoutMs;
        this.#parts.onSettled();
        resolve();
      };
      this.#end = end;
      this.#cancelTimeout = this.#clock.after(timeoutMs, end);
      this.look();
    });
  }

  /** Checks whether everything is settled now. Call it when something new is known. */
  look(): void {
    if (this.#end === undefined || !this.#parts.isHeard()) return;
    if (this.#parts.isJudged()) this.#end();
    else this.#cancelChecks ??= this.#clock.after(FIRST_CHECKS_MS, this.#end);
  }

  stop(): void {
    this.#end = undefined;
    this.#cancelTimeout();
    this.#cancelChecks?.();
  }
}
