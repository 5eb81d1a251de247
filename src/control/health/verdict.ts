import type { HealthCheck } from '../../model/health.ts';
import type { ProbeResult } from './probe.ts';

export type VerdictState = 'pending' | 'up' | 'down';

/** What the checker knows of a target. */
export interface CheckState {
  readonly state: VerdictState;
  /** What the last probe found. */
  readonly reason: string;
  /** When the last probe ended, in milliseconds since the epoch; 0 before the first. */
  readonly checkedAt: number;
  /** At least one probe has passed, or the service has no checks. */
  readonly hasPassed: boolean;
}

/** The verdict of the checks on one target. Probes change it by the rules of rise and fall. */
export class Verdict implements CheckState {
  state: VerdictState;
  reason = 'not checked yet';
  checkedAt = 0;
  hasPassed: boolean;
  #streak = 0;
  readonly #check: HealthCheck;

  /** @param before the verdict of the checks that these replace: a target that was up stays up until the new checks fail */
  constructor(check: HealthCheck, before?: VerdictState) {
    this.#check = check;
    this.state = check.start === 'up' || check.type === 'none' || before === 'up' ? 'up' : 'pending';
    this.hasPassed = check.type === 'none';
    if (check.type === 'none') this.reason = 'not checked';
  }

  /** Takes a probe's result; true if the verdict changed. The very first pass makes a target up, whatever `rise` is. */
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

  /** The verdict is up, and the last probe passed. */
  get isSteady(): boolean {
    return this.state === 'up' && this.#streak === 0 && this.checkedAt > 0;
  }
}
