import type { Address } from '../../model/address.ts';
import type { Clock } from '../../model/clock.ts';
import type { HealthCheck } from '../../model/health.ts';
import type { Probe, ProbeResult } from './probe.ts';

/** At most this long until the next probe while a verdict is in doubt. */
const DOUBT_MS = 1_000;
/** After a first failure, for a backend that is just starting; doubles up to `DOUBT_MS`. */
const FIRST_RETRY_MS = 25;
/** Probes at one time; the rest wait for their turn. */
const MAX_CONCURRENT = 256;
/** Share of an interval by which probes are spread, so that many started together drift apart. */
const JITTER = 0.1;

export type Verdict = 'pending' | 'up' | 'down';

/** What is probed: an address in one certain way. */
export interface Target {
  /** The same for all backends that are the same process at the same address. */
  readonly process: string;
  /** The same for those that are probed alike, too. */
  readonly key: string;
  readonly address: Address;
  readonly check: HealthCheck;
}

/** What the checker knows of a target. */
export interface CheckState {
  readonly verdict: Verdict;
  /** Of the last probe. */
  readonly reason: string;
  /** When the last probe ended, in milliseconds since the epoch; 0 before the first. */
  readonly checkedAt: number;
}

/** Rise and fall: how single probes become a verdict. */
export class HealthMachine implements CheckState {
  verdict: Verdict;
  reason = 'not checked yet';
  checkedAt = 0;
  #streak = 0;
  readonly #check: HealthCheck;

  /** @param before the verdict of another way to check: what served goes on until the new one fails */
  constructor(check: HealthCheck, before?: Verdict) {
    this.#check = check;
    this.verdict = check.start === 'up' || check.type === 'none' || before === 'up' ? 'up' : 'pending';
    if (check.type === 'none') this.reason = 'not checked';
  }

  /** Takes a probe's result; true when the verdict flipped. The first pass of all is enough. */
  observe(result: ProbeResult, at: number): boolean {
    const before = this.verdict;
    this.reason = result.reason;
    this.checkedAt = at;
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

interface Running {
  readonly target: Target;
  readonly machine: HealthMachine;
  failures: number;
  cancel: () => void;
}

/** Probes all targets, each on its own schedule, and keeps what it knows of those that stay. */
export class Checker {
  readonly #clock: Clock;
  readonly #probe: Probe;
  readonly #random: () => number;
  readonly #onChange: () => void;
  readonly #running = new Map<string, Running>();
  readonly #queue: Running[] = [];
  #concurrent = 0;

  /** @param onChange a verdict flipped, or the reason for a pending one changed */
  constructor(clock: Clock, probe: Probe, random: () => number, onChange: () => void) {
    this.#clock = clock;
    this.#probe = probe;
    this.#random = random;
    this.#onChange = onChange;
  }

  /** Probes these from now on: new ones at once, those it knows as planned. */
  update(targets: readonly Target[]): void {
    const keys = new Set(targets.map((target) => target.key));
    const verdicts = new Map<string, Verdict>();
    for (const [key, running] of this.#running) {
      if (keys.has(key)) continue;
      running.cancel();
      this.#running.delete(key);
      verdicts.set(running.target.process, running.machine.verdict);
    }
    for (const target of targets) {
      if (this.#running.has(target.key)) continue;
      const running: Running = {
        target,
        machine: new HealthMachine(target.check, verdicts.get(target.process)),
        failures: 0,
        cancel: () => {},
      };
      this.#running.set(target.key, running);
      if (target.check.type !== 'none') this.#start(running);
    }
  }

  state(key: string): CheckState | undefined {
    return this.#running.get(key)?.machine;
  }

  stop(): void {
    this.update([]);
  }

  #start(running: Running): void {
    if (this.#concurrent >= MAX_CONCURRENT) this.#queue.push(running);
    else void this.#run(running);
  }

  async #run(running: Running): Promise<void> {
    this.#concurrent++;
    const result = await this.#probe(running.target.address, running.target.check);
    this.#concurrent--;
    this.#startNext();
    // It may have left while it was probed.
    if (!this.#isWanted(running)) return;
    if (!result.isVoid) this.#observe(running, result);
    running.cancel = this.#clock.after(this.#delay(running), () => this.#start(running));
  }

  /** Those that left while they waited are passed over. */
  #startNext(): void {
    let next = this.#queue.shift();
    while (next !== undefined && !this.#isWanted(next)) next = this.#queue.shift();
    if (next !== undefined) this.#start(next);
  }

  #isWanted(running: Running): boolean {
    return this.#running.get(running.target.key) === running;
  }

  #observe(running: Running, result: ProbeResult): void {
    const { machine } = running;
    const reason = machine.reason;
    running.failures = result.isPass ? 0 : running.failures + 1;
    const isFlip = machine.observe(result, this.#clock.now());
    if (isFlip || (machine.verdict === 'pending' && machine.reason !== reason)) this.#onChange();
  }

  #delay({ machine, target, failures }: Running): number {
    const { intervalMs } = target.check;
    const doubt = Math.min(intervalMs, DOUBT_MS);
    let delay = machine.isSettled ? intervalMs : doubt;
    // An application that just started will listen any moment, and asking a closed port costs nothing.
    if (machine.verdict === 'pending')
      delay = Math.min(doubt, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
    return delay * (1 - JITTER + 2 * JITTER * this.#random());
  }
}
