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

/** Finds out how all backends are: by checks, by what sources know, and by what requests tell of them. */
export class HealthMonitor {
  readonly #clock: Clock;
  readonly #checker: Checker;
  readonly #livenessProber: LivenessProber;
  readonly #unproven: Unproven;
  readonly #book = new HealthBook();
  readonly #onNews: () => void;
  #sourceHealth: SourceHealth = {};

  /**
   * @param random from 0 to 1, for what must not happen everywhere at one time
   * @param onNews `judge` or `problems` may answer something else than before
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

  /** Backends that are known. */
  get size(): number {
    return this.#book.size;
  }

  /** Backends that have never passed a check. */
  get problems(): readonly Problem[] {
    return this.#unproven.problems;
  }

  /** Takes services that changed, and what sources and people say of their backends, by `Backend.id`. */
  update(services: Changes<Service>, sourceHealth: SourceHealth): void {
    this.#sourceHealth = sourceHealth;
    const { fresh, gone } = this.#book.update(services);
    this.#checker.update(fresh, gone);
    this.#unproven.update(fresh, gone);
  }

  /** The health of all, by `Backend.id`; the same value as before when nobody's changed. */
  judge(): ReadonlyMap<string, BackendHealth> {
    return this.#book.judge(this.#sourceHealth, (id) => this.check(id), this.#clock.now());
  }

  /** What is known of a backend's last check. */
  check(backendId: string): CheckState | undefined {
    const known = this.#book.get(backendId);
    return known === undefined ? undefined : this.#checker.state(known.target.key);
  }

  /** Nothing speaks against the backend, as it was judged last. */
  isUp(backendId: string): boolean {
    return this.#book.get(backendId)?.record.health?.flags.length === 0;
  }

  /** The latest changes of a backend's health, the oldest first. */
  history(backendId: string): readonly Transition[] {
    return this.#book.get(backendId)?.record.history ?? [];
  }

  /** What requests told of a backend. */
  signal(signal: BackendSignal): void {
    const known = this.#book.get(signal.backendId);
    // It may have left meanwhile.
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
    // A worker that ends does not say that the backend has returned.
    this.#clock.after(signal.until - this.#clock.now(), () => this.#news([record]));
    if (signal.proof === 'life') this.#livenessProber.ask(target, record);
    this.#news([record]);
  }

  #onPass(target: Target, at: number): void {
    this.#unproven.pass(target);
    const proof: Proof = { kind: target.check.type === 'http' ? 'check' : 'connection', at };
    for (const record of this.#book.ofTarget(target)) if (record.prove(proof)) this.#news([record]);
  }

  /** What is said against any of the backends that are probed so. */
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

  /** There is something new about these. */
  #news(records: Iterable<BackendRecord>): void {
    this.#touch(records);
    this.#onNews();
  }
}
