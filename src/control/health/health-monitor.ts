import type { Changes } from '../../model/changes.ts';
import type { Clock } from '../../model/clock.ts';
import type { BackendHealth, Proof, SaidHealth, SourceHealth, Transition } from '../../model/health.ts';
import type { Problem } from '../../model/problem.ts';
import type { Service } from '../../model/service.ts';
import type { BackendSignal, EjectedSignal } from '../../model/signal.ts';
import type { BackendRecord } from './backend-record.ts';
import { Checker, type Target } from './checker.ts';
import { guardedProbe } from './guarded-probe.ts';
import { HealthBook } from './health-book.ts';
import { LivenessProber } from './liveness-prober.ts';
import type { Probe } from './probe.ts';
import { Unproven } from './unproven.ts';
import type { CheckState } from './verdict.ts';

/** Knows the health of all backends: from checks, from sources and people, and from what requests tell. */
export class HealthMonitor {
  readonly #clock: Clock;
  readonly #checker: Checker;
  readonly #livenessProber: LivenessProber;
  readonly #unproven: Unproven;
  readonly #book = new HealthBook();
  readonly #onNews: () => void;
  #sourceHealth: SourceHealth = {};

  /**
   * @param random returns a number from 0 to 1, which spreads what must not happen everywhere at the same time
   * @param onNews called when `judge` or `problems` may return something else than before
   */
  constructor(clock: Clock, given: Probe, random: () => number, onNews: () => void) {
    const probe = guardedProbe(given);
    this.#clock = clock;
    this.#onNews = onNews;
    this.#livenessProber = new LivenessProber(clock, probe, (record) => this.#news([record]));
    this.#checker = new Checker(clock, probe, random, {
      onChange: (target) => this.#news(this.#book.ofTarget(target)),
      onReason: (target) => this.#touch(this.#book.ofTarget(target)),
      onPass: (target, beganAt) => this.#onPass(target, beganAt),
    });
    this.#unproven = new Unproven(clock, {
      state: (target) => this.#checker.state(target.key),
      sourceHealth: (target) => this.#sourceHealthOf(target),
      onChange: onNews,
    });
  }

  /** The number of backends. */
  get size(): number {
    return this.#book.size;
  }

  /** Problems of backends that have never passed a check. */
  get problems(): readonly Problem[] {
    return this.#unproven.problems;
  }

  /** Takes services that changed, and what sources and people say of all backends, by `Backend.id`. */
  update(services: Changes<Service>, sourceHealth: SourceHealth): void {
    this.#sourceHealth = sourceHealth;
    const { fresh, gone } = this.#book.update(services);
    this.#checker.update(fresh, gone);
    this.#unproven.update(fresh, gone);
  }

  /** The health of all backends, by `Backend.id`; the same map as before if nobody's health changed. */
  judge(): ReadonlyMap<string, BackendHealth> {
    return this.#book.judge(this.#sourceHealth, (id) => this.check(id), this.#clock.now());
  }

  /** What is known of a backend's last check. */
  check(backendId: string): CheckState | undefined {
    const known = this.#book.get(backendId);
    return known === undefined ? undefined : this.#checker.state(known.target.key);
  }

  /** Whether the backend had no flag when it was judged last. */
  isUp(backendId: string): boolean {
    return this.#book.get(backendId)?.record.health?.flags.length === 0;
  }

  /** The latest changes of a backend's health, the oldest first. */
  history(backendId: string): readonly Transition[] {
    return this.#book.get(backendId)?.record.history ?? [];
  }

  /** Takes what the data plane learned of a backend. */
  signal(signal: BackendSignal): void {
    const known = this.#book.get(signal.backendId);
    // The backend may have been removed meanwhile.
    if (known === undefined) return;
    const { target, record } = known;
    switch (signal.kind) {
      case 'doubt':
        return this.#checker.hurry(target.key);
      case 'suspected':
        this.#checker.hurry(target.key);
        record.charge = { at: signal.at, proof: 'life' };
        return this.#livenessProber.ask(target, record);
      case 'ejected':
        this.#checker.hurry(target.key);
        return this.#eject(signal, target, record);
      case 'returned':
        record.acquit();
        return this.#news([record]);
    }
  }

  stop(): void {
    this.#checker.stop();
    this.#livenessProber.stop();
    this.#unproven.stop();
  }

  #eject(signal: EjectedSignal, target: Target, record: BackendRecord): void {
    record.charge = signal;
    record.ejected = signal;
    // No signal comes for the end of an ejection if the worker ends that decided it.
    this.#clock.after(signal.until - this.#clock.now(), () => this.#news([record]));
    if (signal.proof === 'life') this.#livenessProber.ask(target, record);
    this.#news([record]);
  }

  #onPass(target: Target, at: number): void {
    this.#unproven.pass(target);
    const proof: Proof = { kind: target.check.type === 'http' ? 'check' : 'connection', at };
    for (const record of this.#book.ofTarget(target)) if (record.takeProof(proof)) this.#news([record]);
  }

  /** What sources or people say against any of the backends that share this target. */
  #sourceHealthOf(target: Target): SaidHealth | undefined {
    for (const { id } of this.#book.ofTarget(target)) {
      const said = this.#sourceHealth[id];
      if (said !== undefined) return said;
    }
    return undefined;
  }

  #touch(records: Iterable<BackendRecord>): void {
    for (const record of records) this.#book.touch(record);
  }

  /** Has these records judged again, and tells that there is news. */
  #news(records: Iterable<BackendRecord>): void {
    this.#touch(records);
    this.#onNews();
  }
}
