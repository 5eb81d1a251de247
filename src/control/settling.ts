import type { Clock } from '../model/clock.ts';

/** First checks are waited for so long, in milliseconds: longer than a probe may take by default. */
const FIRST_CHECKS_MS = 3_000;

/** What the start waits for. */
export interface SettlingParts {
  /** Every source was heard. */
  readonly isHeard: () => boolean;
  /** Of each service it is known whether anybody serves. */
  readonly isJudged: () => boolean;
  /** Nothing is waited for any longer; called before whoever waits goes on. */
  readonly onSettled: () => void;
}

/** The start: requests wait until they would find what there is, but not for ever. */
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

  /** How long sources were given, in milliseconds, once nothing is waited for any longer; undefined before. */
  get givenMs(): number | undefined {
    return this.#givenMs;
  }

  /** Resolves once it is settled, after `timeoutMs` at the latest; never when it is stopped before. */
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

  /** Something is known that was not. */
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
