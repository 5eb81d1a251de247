import type { Clock } from '../../model/clock.ts';
import type { SaidHealth } from '../../model/health.ts';
import type { Problem } from '../../model/problem.ts';
import { grouped } from '../../model/text.ts';
import type { Target } from './checker.ts';
import { explainUnproven } from './unproven-problem.ts';
import type { CheckState } from './verdict.ts';

/** How long a backend may take to its first pass before that is a problem, and how often it is looked at again; in milliseconds. */
export const PATIENCE_MS = 10_000;

/** The most problems that are reported one by one. When a network is gone, hundreds of backends have the same problem. */
const MAX_TOLD = 50;

/** What the owner knows of targets, and how it learns of changes. */
export interface Known {
  state(target: Target): CheckState | undefined;
  /** What sources and people say against a backend of this target. */
  sourceHealth(target: Target): SaidHealth | undefined;
  /** The problems have changed. */
  onChange(): void;
}

interface Unpassed {
  readonly target: Target;
  /** When the target is looked at next: `Clock.elapsed`. */
  readonly at: number;
}

/**
 * Reports backends that have never passed a check: most often a label names the wrong port or path. A backend that has
 * passed once is not reported, whatever happens to it later. One timer serves all of them; healthy backends cost nothing.
 */
export class Unproven {
  readonly #clock: Clock;
  readonly #known: Known;
  /** The targets that have not passed yet, by `Target.key`; the one to look at next comes first. */
  readonly #unpassed = new Map<string, Unpassed>();
  readonly #told = new Map<string, Problem>();
  #problems: readonly Problem[] = [];
  #isOutdated = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, known: Known) {
    this.#clock = clock;
    this.#known = known;
  }

  /** The first problems of backends that have had their time and have not passed, and how many more there are. */
  get problems(): readonly Problem[] {
    if (this.#isOutdated) {
      const all = [...this.#told.values()];
      const more = all.length - MAX_TOLD;
      this.#problems = more <= 0 ? all : [...all.slice(0, MAX_TOLD), moreOf(more)];
      this.#isOutdated = false;
    }
    return this.#problems;
  }

  /** Takes the same changes as the checker. */
  update(fresh: readonly Target[], gone: readonly Target[]): void {
    for (const { key } of gone) this.#forget(key);
    for (const target of fresh) {
      const isUnknown = this.#known.state(target)?.hasPassed === false && !this.#unpassed.has(target.key);
      if (isUnknown) this.#lookLater(target);
    }
    this.#schedule();
  }

  /** A check of the target has passed. */
  pass({ key }: Target): void {
    if (this.#forget(key)) this.#known.onChange();
  }

  stop(): void {
    this.#unpassed.clear();
    this.#cancel?.();
  }

  /** True if that removes a problem. */
  #forget(key: string): boolean {
    this.#unpassed.delete(key);
    return this.#untell(key);
  }

  #untell(key: string): boolean {
    const wasTold = this.#told.delete(key);
    this.#isOutdated ||= wasTold;
    return wasTold;
  }

  #lookLater(target: Target): void {
    this.#unpassed.delete(target.key);
    this.#unpassed.set(target.key, { target, at: this.#clock.elapsed() + PATIENCE_MS });
  }

  #schedule(): void {
    const [first] = this.#unpassed.values();
    if (first === undefined || this.#cancel !== undefined) return;
    this.#cancel = this.#clock.after(first.at - this.#clock.elapsed(), () => {
      this.#cancel = undefined;
      this.#look();
      this.#schedule();
    });
  }

  #look(): void {
    const now = this.#clock.elapsed();
    let isNews = false;
    // `#lookLater` moves each target to the end, behind those that are due earlier.
    for (const { target, at } of [...this.#unpassed.values()]) {
      if (at > now) break;
      this.#lookLater(target);
      isNews = this.#judge(target) || isNews;
    }
    if (isNews) this.#known.onChange();
  }

  /** Looks at a target; true if its problem has changed. */
  #judge(target: Target): boolean {
    const before = this.#told.get(target.key);
    const state = this.#known.state(target);
    const said = this.#known.sourceHealth(target);
    // A backend that starts, ends, or was taken out by a person need not pass.
    const isExcused = said?.flags.some((flag) => flag !== 'FailedCheck') ?? false;
    if (state === undefined || state.checkedAt === 0 || isExcused) return this.#untell(target.key);
    const reason = said === undefined ? state.reason : `${state.reason}; ${said.reason}`;
    const problem = explainUnproven(target, state.reason, reason);
    if (before?.message === problem.message) return false;
    this.#told.set(target.key, problem);
    this.#isOutdated = true;
    return true;
  }
}

function moreOf(count: number): Problem {
  return {
    severity: 'error',
    source: 'health',
    subject: 'Fairlead',
    where: 'health',
    message: `${grouped(count)} more backends have not passed a check yet`,
    hint: 'fairlead status names them',
  };
}
