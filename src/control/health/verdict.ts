import type { HealthCheck } from '../../model/health.ts';
import type { ProbeResult } from './probe.ts';

export type VerdictState = 'pending' | 'up' | 'down';

/** What the checker knows of a target. */
export interface CheckState {
  readonly state: VerdictState;
  /** Of the last probe. */
  readonly reason: string;
  /** When the last probe ended, in milliseconds since the epoch; 0 before the first. */
  readonly checkedAt: number;
  /** It has passed at least once, or there is nothing to pass. */
  readonly hasPassed: boolean;
}

/** The verdict of the checks on one target: single probes change it by the rules of rise and fall. */
export class Verdict implements CheckState {
  state: VerdictState;
  reason = 'not checked yet';
  checkedAt = 0;
  hasPassed: boolean;
  #streak = 0;
  readonly #check: HealthCheck;

  /** @param before what another way to check had found: a target that was up stays up until the new checks fail */
  constructor(check: HealthCheck, before?: VerdictState) {
    this.#check = check;
    this.state = check.start === 'up' || check.type === 'none' || before === 'up' ? 'up' : 'pending';
    this.hasPassed = check.type === 'none';
    if (check.type === 'none') this.reason = 'not checked';
  }

  /** Takes a probe's result; true when the verdict flipped. The first pass of all is enough. */
  observe(result: ProbeResult, at: number): boolean {
    const before = this.state;
    this.reason = result.reason;
    this.checkedAt = at;
    if (result.isPass) this.hasPassed = true;
    const isAgainst = result.isPass === (this.state !== 'up');
    this.#streak = isAgainst ? this.#streak + 1 : 0;
    if (this.state === 'up' && this.#streak >= this.#check.fall) this.state = 'down';
    else if (this.state === 'down' && this.#streak >= this.#check.rise) this.state = 'up';
    else if (this.state === 'pending' && result.isPass) this.state = 'up';
    if (this.state !== before) this.#streak = 0;
    return this.state !== before;
  }

  /** Up, and the last probe did not speak against it. */
  get isSteady(): boolean {
    return this.state === 'up' && this.#streak === 0 && this.checkedAt > 0;
  }
}
