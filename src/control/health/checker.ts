import type { Address } from '../../model/address.ts';
import type { Origin } from '../../model/backend.ts';
import type { Clock } from '../../model/clock.ts';
import type { HealthCheck } from '../../model/health.ts';
import { guarded } from '../../telemetry/internal-errors.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { Timetable } from './timetable.ts';
import { type CheckState, Verdict, type VerdictState } from './verdict.ts';

/** The longest time until the next probe while a verdict is not certain, in milliseconds. */
const UNSURE_MS = 1_000;
/** The shortest time between two probes that failed requests ask for, in milliseconds. */
const HURRY_MS = 200;
/**
 * The time until the next probe after a failure, in milliseconds, where a second result matters more than the cost of the
 * probe: for a backend that is just starting, and for one on which requests fail, too. Doubles up to `UNSURE_MS`.
 */
const QUICK_MS = 25;
/** The most probes at a time. Others wait in a queue. */
const MAX_CONCURRENT = 256;
/** The share of an interval by which probes are spread, so that probes that started together drift apart. */
const JITTER = 0.1;

/** What is probed: an address, in one particular way. */
export interface Target {
  /** Backends that are the same process at the same address have this text in common. */
  readonly process: string;
  /** Backends of the same process that are also probed in the same way have this text in common. */
  readonly key: string;
  readonly address: Address;
  readonly check: HealthCheck;
  /** Where the backend is configured, and why its address may be wrong: for the messages to people. */
  readonly origin: Origin;
  readonly caveat?: string;
}

/** Told of the results of probes. */
export interface CheckerEvents {
  /** A verdict flipped, or the reason for a pending one changed. */
  onChange(target: Target): void;
  /** The reason changed, but not the verdict: no news by itself. */
  onReason(target: Target): void;
  /** A probe passed. `beganAt` is when it began, in milliseconds since the epoch. */
  onPass(target: Target, beganAt: number): void;
}

interface Running {
  readonly target: Target;
  readonly verdict: Verdict;
  failures: number;
  /** A probe is under way, or in the queue. */
  isBusy: boolean;
  /** When the last probe began: `Clock.elapsed`. */
  beganAt: number;
  /** `hurry` asked for a probe, and no probe has failed since: checks see nothing wrong where requests fail. */
  isRefuted: boolean;
  /** The next gap between probes while requests fail on the backend; 0 while none do. In milliseconds. */
  quickMs: number;
  /** When the next probe begins: `Clock.elapsed`. */
  nextAt: number;
  cancel: () => void;
}

/** Probes all targets, each on its own schedule. Keeps what it knows of targets that stay. */
export class Checker {
  readonly #clock: Clock;
  readonly #probe: Probe;
  readonly #random: () => number;
  readonly #events: CheckerEvents;
  readonly #running = new Map<string, Running>();
  readonly #queue: Running[] = [];
  readonly #timetable: Timetable;
  #concurrent = 0;

  constructor(clock: Clock, probe: Probe, random: () => number, events: CheckerEvents) {
    this.#clock = clock;
    this.#timetable = new Timetable(clock);
    this.#probe = probe;
    this.#random = random;
    this.#events = events;
  }

  /** Begins to probe the fresh targets, unless it does already, and stops probing those that are gone. */
  update(fresh: readonly Target[], gone: readonly Target[] = []): void {
    const verdicts = new Map<string, VerdictState>();
    for (const { key, process } of gone) {
      const running = this.#running.get(key);
      if (running === undefined) continue;
      running.cancel();
      this.#running.delete(key);
      verdicts.set(process, running.verdict.state);
    }
    for (const target of fresh) {
      if (this.#running.has(target.key)) continue;
      const running: Running = {
        target,
        verdict: new Verdict(target.check, verdicts.get(target.process)),
        failures: 0,
        isBusy: false,
        beganAt: Number.NEGATIVE_INFINITY,
        isRefuted: false,
        quickMs: 0,
        nextAt: Number.POSITIVE_INFINITY,
        cancel: () => {},
      };
      this.#running.set(target.key, running);
      if (target.check.type !== 'none') this.#start(running);
    }
  }

  state(key: string): CheckState | undefined {
    return this.#running.get(key)?.verdict;
  }

  /**
   * Probes a target soon, because requests failed on it. If the probe fails, too, others follow in quick succession until
   * they are enough for a verdict. There is a gap after the last probe, which is longer while probes say that all is well.
   */
  hurry(key: string): void {
    const running = this.#running.get(key);
    if (running === undefined || running.isBusy || running.target.check.type === 'none') return;
    const gap = running.isRefuted && running.verdict.isSteady ? UNSURE_MS : HURRY_MS;
    const wait = Math.max(0, running.beganAt + gap - this.#clock.elapsed());
    running.isRefuted = true;
    if (running.quickMs === 0) running.quickMs = QUICK_MS;
    if (running.nextAt - this.#clock.elapsed() <= wait) return;
    running.cancel();
    if (wait === 0) this.#start(running);
    else this.#startIn(wait, running);
  }

  stop(): void {
    for (const { cancel } of this.#running.values()) cancel();
    this.#running.clear();
  }

  #startIn(delay: number, running: Running, timer: Pick<Clock, 'after'> = this.#clock): void {
    running.nextAt = this.#clock.elapsed() + delay;
    running.cancel = timer.after(delay, () => this.#start(running));
  }

  #start(running: Running): void {
    running.isBusy = true;
    if (this.#concurrent >= MAX_CONCURRENT) this.#queue.push(running);
    else void this.#run(running);
  }

  async #run(running: Running): Promise<void> {
    this.#concurrent++;
    const beganAt = this.#clock.now();
    running.beganAt = this.#clock.elapsed();
    const result = await this.#probe(running.target.address, running.target.check);
    this.#concurrent--;
    this.#startNext();
    // The target may have been removed while it was probed.
    if (!this.#isWanted(running)) return;
    running.isBusy = false;
    this.#tell(running, result, beganAt);
    // An uncertain verdict is worth a timer of its own; probes of the many healthy backends share timers.
    const timer = running.verdict.isSteady ? this.#timetable : this.#clock;
    this.#startIn(this.#delay(running), running, timer);
  }

  /** Guarded, so that an exception in an event does not end the schedule of the target. */
  readonly #tell = guarded('probe', (running: Running, result: ProbeResult, beganAt: number) => {
    if (!result.isVoid) this.#observe(running, result);
    if (result.isPass) this.#events.onPass(running.target, beganAt);
  });

  /** Starts the next probe of the queue. Targets that were removed meanwhile are skipped. */
  #startNext(): void {
    let next = this.#queue.shift();
    while (next !== undefined && !this.#isWanted(next)) next = this.#queue.shift();
    if (next !== undefined) this.#start(next);
  }

  #isWanted(running: Running): boolean {
    return this.#running.get(running.target.key) === running;
  }

  #observe(running: Running, result: ProbeResult): void {
    const { verdict } = running;
    const reason = verdict.reason;
    running.failures = result.isPass ? 0 : running.failures + 1;
    const isFlip = verdict.observe(result, this.#clock.now());
    if (!result.isPass) running.isRefuted = false;
    if (verdict.isSteady) running.quickMs = 0;
    if (isFlip || (verdict.state === 'pending' && verdict.reason !== reason))
      this.#events.onChange(running.target);
    else if (verdict.reason !== reason) this.#events.onReason(running.target);
  }

  #delay(running: Running): number {
    const { verdict, target, failures, quickMs } = running;
    const { intervalMs } = target.check;
    const unsure = Math.min(intervalMs, UNSURE_MS);
    let delay = verdict.isSteady ? intervalMs : unsure;
    // An application that has just started will listen any moment, and probing a closed port costs nothing.
    if (verdict.state === 'pending') delay = Math.min(unsure, QUICK_MS * 2 ** Math.min(failures - 1, 10));
    else if (quickMs > 0) {
      // A backend that was taken out soon should come back soon: what made it fail may be over in a moment.
      delay = Math.min(unsure, failures > 0 ? quickMs : HURRY_MS);
      if (verdict.state === 'down' && failures > 0) running.quickMs = Math.min(2 * quickMs, UNSURE_MS);
    }
    return delay * (1 - JITTER + 2 * JITTER * this.#random());
  }
}
