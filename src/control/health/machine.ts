import type { HealthCheck } from '../../model/health.ts';
import type { ProbeResult } from './probe.ts';

export type Verdict = 'pending' | 'up' | 'down';

/** What the checker knows of a target. */
export interface CheckState {
  readonly verdict: Verdict;
  /** Of the last probe. */
  readonly reason: string;
  /** When the last probe ended, in milliseconds since the epoch; 0 before the first. */
  readonly checkedAt: number;
  /** It has passed at least once, or there is nothing to pass. */
  readonly hasPassed: boolean;
}

/** Rise and fall: how single probes become a verdict. */
export class HealthMachine implements CheckState {
  verdict: Verdict;
  reason = 'not checked yet';
  checkedAt = 0;
  hasPassed: boolean;
  #streak = 0;
  readonly #check: HealthCheck;

  /** @param before the verdict of another way to check: what served goes on until the new one fails */
  constructor(check: HealthCheck, before?: Verdict) {
    this.#check = check;
    this.verdict = check.start === 'up' || check.type === 'none' || before === 'up' ? 'up' : 'pending';
    this.hasPassed = check.type === 'none';
    if (check.type === 'none') this.reason = 'not checked';
  }

  /** Takes a probe's result; true when the verdict flipped. The first pass of all is enough. */
  observe(result: ProbeResult, at: number): boolean {
    const before = this.verdict;
    this.reason = result.reason;
    this.checkedAt = at;
    if (result.isPass) this.hasPassed = true;
    const isAgainst = result.isPass === (this.verdict !== 'up');
    this.#streak = isAgainst ? this.#streak + 1 : 0;
    if (this.verdict === 'up' && this.#streak >= this.#check.fall) this.verdict = 'down';
    else if (this.verdict === 'down' && this.#streak >= this.#check.rise) this.verdict = 'up';
    else if (this.verdict === 'pending' && result.isPass) this.verdict = 'up';
    if (this.verdict !== before) this.#streak = 0;
    return this.verdict !== before;
  }

  /** Up, and the last probe did not speak against it. */
  get isSettled(): boolean {
    return this.verdict === 'up' && this.#streak === 0 && this.checkedAt > 0;
  }
}
