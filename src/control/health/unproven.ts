import type { Clock } from '../../model/clock.ts';
import type { SaidHealth } from '../../model/health.ts';
import type { Problem } from '../../model/problem.ts';
import { grouped } from '../../model/text.ts';
import type { Target } from './checker.ts';
import { explainUnproven } from './unproven-problem.ts';
import type { CheckState } from './verdict.ts';

/** So long a backend may take to its first pass until that is a problem, in milliseconds; and so often it is looked at again. */
export const PATIENCE_MS = 10_000;

/** Problems that are told one by one: when a network is gone, hundreds have the same. */
const MAX_TOLD = 50;

/** What else is known of targets. */
export interface Known {
  state(target: Target): CheckState | undefined;
  /** What sources and people say against a backend that is probed so. */
  sourceHealth(target: Target): SaidHealth | undefined;
  /** The problems are others now. */
  onChange(): void;
}

interface Waiting {
  readonly target: Target;
  /** When it is looked at: `Clock.elapsed`. */
  readonly at: number;
}

/**
 * Backends that have never passed a check since they are there: most often a label names the wrong port or path. One that
 * has passed once is none, whatever becomes of it. One timer for all; who is well costs nothing.
 */
export class Unproven {
  readonly #clock: Clock;
  readonly #known: Known;
  /** By `Target.key`, in the order in which they are looked at. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #told = new Map<string, Problem>();
  #problems: readonly Problem[] = [];
  #isOutdated = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, known: Known) {
    this.#clock = clock;
    this.#known = known;
  }

  /** Those that have not passed yet after the time of patience, the first ones of them, and how many more there are. */
  get problems(): readonly Problem[] {
    if (this.#isOutdated) {
      const all = [...this.#told.values()];
      const more = all.length - MAX_TOLD;
      this.#problems = more <= 0 ? all : [...all.slice(0, MAX_TOLD), moreOf(more)];
      this.#isOutdated = false;
    }
    return this.#problems;
  }

  /** Takes the targets as the checker does. */
  update(fresh: readonly Target[], gone: readonly Target[]): void {
    for (const { key } of gone) this.#forget(key);
    for (const target of fresh) {
      const isUnknown = this.#known.state(target)?.hasPassed === false && !this.#waiting.has(target.key);
      if (isUnknown) this.#wait(target);
    }
    this.#schedule();
  }

  /** One has passed. */
  pass({ key }: Target): void {
    if (this.#forget(key)) this.#known.onChange();
  }

  stop(): void {
    this.#waiting.clear();
    this.#cancel?.();
  }

  /** True when a problem is gone by that. */
  #forget(key: string): boolean {
    this.#waiting.delete(key);
    return this.#untell(key);
  }

  #untell(key: string): boolean {
    const wasTold = this.#told.delete(key);
    this.#isOutdated ||= wasTold;
    return wasTold;
  }

  #wait(target: Target): void {
    this.#waiting.delete(target.key);
    this.#waiting.set(target.key, { target, at: this.#clock.elapsed() + PATIENCE_MS });
  }

  #schedule(): void {
    const [first] = this.#waiting.values();
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
    // Each is put behind the others for the next time.
    for (const { target, at } of [...this.#waiting.values()]) {
      if (at > now) break;
      this.#wait(target);
      isNews = this.#judge(target) || isNews;
    }
    if (isNews) this.#known.onChange();
  }

  /** True when there is something else to tell of it. */
  #judge(target: Target): boolean {
    const before = this.#told.get(target.key);
    const state = this.#known.state(target);
    const said = this.#known.sourceHealth(target);
    // One that starts, ends or was taken out is not asked for a pass.
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
