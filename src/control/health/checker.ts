import type { Address } from '../../model/address.ts';
import type { Origin } from '../../model/backend.ts';
import type { Clock } from '../../model/clock.ts';
import type { HealthCheck } from '../../model/health.ts';
import { guarded } from '../../telemetry/internal-errors.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { Timetable } from './timetable.ts';
import { type CheckState, Verdict, type VerdictState } from './verdict.ts';

/** At most this long until the next probe while a verdict is in doubt. */
const DOUBT_MS = 1_000;
/** At most this often while requests fail. */
const HURRY_MS = 200;
/**
 * After a failure, where a second one matters more than what it costs to ask: of a backend that is just starting, and
 * of one on which requests fail, too. Doubles up to `DOUBT_MS` once it has not come in time.
 */
const QUICK_MS = 25;
/** Probes at one time; the rest wait for their turn. */
const MAX_CONCURRENT = 256;
/** Share of an interval by which probes are spread, so that many started together drift apart. */
const JITTER = 0.1;

/** What is probed: an address in one certain way. */
export interface Target {
  /** The same for all backends that are the same process at the same address. */
  readonly process: string;
  /** The same for those that are probed alike, too. */
  readonly key: string;
  readonly address: Address;
  readonly check: HealthCheck;
  /** Whose it is, and what its source doubts: for people. */
  readonly origin: Origin;
  readonly doubt?: string;
}

/** Who hears of probes. */
export interface CheckerEvents {
  /** A verdict flipped, or the reason for a pending one changed. */
  onChange(target: Target): void;
  /** Another reason for the same verdict: no news by itself. */
  onReason(target: Target): void;
  /** A probe passed that began then, in milliseconds since the epoch. */
  onPass(target: Target, beganAt: number): void;
}

interface Running {
  readonly target: Target;
  readonly verdict: Verdict;
  failures: number;
  /** It is being probed, or waits for its turn. */
  isBusy: boolean;
  /** When the last probe began: `Clock.elapsed`. */
  beganAt: number;
  /** Probes that were asked for pass: what asks for them is not the backend's health. */
  isRefuted: boolean;
  /** Requests speak against it as well as probes: the next gap between these; 0 otherwise. */
  quickMs: number;
  /** When the next probe begins: `Clock.elapsed`. */
  nextAt: number;
  cancel: () => void;
}

/** Probes all targets, each on its own schedule, and keeps what it knows of those that stay. */
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

  /** Probes these from now on, unless it does already, and no longer those that are gone. */
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
   * Something else speaks against it: probes it now, and if that fails, too, again and again in quick succession until
   * that is a verdict. When it has just been probed a moment later, and not again so soon while the probes say that
   * all is well.
   */
  hurry(key: string): void {
    const running = this.#running.get(key);
    if (running === undefined || running.isBusy || running.target.check.type === 'none') return;
    const gap = running.isRefuted && running.verdict.isSteady ? DOUBT_MS : HURRY_MS;
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
    // It may have left while it was probed.
    if (!this.#isWanted(running)) return;
    running.isBusy = false;
    this.#tell(running, result, beganAt);
    // While in doubt each moment counts; the many whose backends are well can wait for one another.
    const timer = running.verdict.isSteady ? this.#timetable : this.#clock;
    this.#startIn(this.#delay(running), running, timer);
  }

  /** What breaks of it must not keep the next probe from being made. */
  readonly #tell = guarded('probe', (running: Running, result: ProbeResult, beganAt: number) => {
    if (!result.isVoid) this.#observe(running, result);
    if (result.isPass) this.#events.onPass(running.target, beganAt);
  });

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
    const doubt = Math.min(intervalMs, DOUBT_MS);
    let delay = verdict.isSteady ? intervalMs : doubt;
    // An application that just started will listen any moment, and asking a closed port costs nothing.
    if (verdict.state === 'pending') delay = Math.min(doubt, QUICK_MS * 2 ** Math.min(failures - 1, 10));
    else if (quickMs > 0) {
      // Taken out soon, it comes back soon: what made it fail may be over in a moment.
      delay = Math.min(doubt, failures > 0 ? quickMs : HURRY_MS);
      if (verdict.state === 'down' && failures > 0) running.quickMs = Math.min(2 * quickMs, DOUBT_MS);
    }
    return delay * (1 - JITTER + 2 * JITTER * this.#random());
  }
}
