import type { BackendOrder, OrderedBackend } from '../model/admin.ts';
import { changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import type { Contribution } from '../model/contribution.ts';
import type { Proof, Transition } from '../model/health.ts';
import type { Problem } from '../model/problem.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { guarded, guardedClock, internalErrors } from '../telemetry/internal-errors.ts';
import { AdminOverrides } from './admin-overrides.ts';
import type { Source } from './discovery/source.ts';
import type { BackendRecord } from './health/backend-record.ts';
import { Checker, type Target } from './health/checker.ts';
import { guardedProbe } from './health/guarded-probe.ts';
import { HealthBook } from './health/health-book.ts';
import { LivenessProber } from './health/liveness-prober.ts';
import type { Probe } from './health/probe.ts';
import { Unproven } from './health/unproven.ts';
import type { CheckState } from './health/verdict.ts';
import { IncrementalMerge, type Merged } from './incremental-merge.ts';
import { Publisher } from './publisher.ts';
import { isJudged, neverHeard, Readiness } from './readiness.ts';

/**
 * Backends that one more millisecond lies between two snapshots for: thousands whose first checks pass one after the
 * other are not a snapshot each.
 */
const BACKENDS_PER_MS = 200;

/** First checks are waited for so long, in milliseconds: longer than a probe may take by default. */
const FIRST_CHECKS_MS = 3_000;

const NOTHING: Merged = { services: [], routes: [], signals: {}, problems: [] };

/** Sources say what exists, health is judged, and each change of either becomes a snapshot. */
export class ControlPlane {
  readonly #clock: Clock;
  readonly #sources: readonly Source[];
  readonly #publisher: Publisher;
  readonly #checker: Checker;
  readonly #livenessProber: LivenessProber;
  readonly #unproven: Unproven;
  readonly #stop = new AbortController();
  readonly #contributions = new Map<string, Contribution>();
  readonly #readiness: Readiness;
  /** How long requests waited for the sources, in milliseconds; undefined while they do. */
  #settledAfter: number | undefined;
  #incrementalMerge: IncrementalMerge;
  #cancelMerge: () => void = () => {};
  readonly #overrides: AdminOverrides;
  #merged: Merged = NOTHING;
  readonly #book = new HealthBook();
  #isPublishing = false;
  #publishedAt = Number.NEGATIVE_INFINITY;

  constructor(
    sources: readonly Source[],
    given: Clock,
    givenProbe: Probe,
    random: () => number = Math.random,
  ) {
    const clock = guardedClock(given);
    const probe = guardedProbe(givenProbe);
    this.#clock = clock;
    this.#sources = sources;
    this.#readiness = new Readiness(sources.map(({ name }) => name));
    this.#incrementalMerge = new IncrementalMerge(clock);
    this.#publisher = new Publisher(clock);
    this.#overrides = new AdminOverrides(clock);
    this.#livenessProber = new LivenessProber(clock, probe, (record) => this.#news([record]));
    this.#checker = new Checker(clock, probe, random, {
      onChange: (target) => this.#news(this.#book.ofTarget(target)),
      onReason: (target) => this.#touch(this.#book.ofTarget(target)),
      onPass: (target, beganAt) => this.#onPass(target, beganAt),
    });
    this.#unproven = new Unproven(clock, {
      state: (target) => this.#checker.state(target.key),
      signal: (target) => this.#signalOf(target),
      onChange: () => this.#publish(),
    });
  }

  start(): void {
    for (const source of this.#sources) {
      const publish = (contribution: Contribution) => {
        if (!this.#stop.signal.aborted) this.#take(source.name, contribution);
      };
      guarded('source', () => source.watch(publish, this.#stop.signal))();
    }
  }

  /** What cannot be merged is as if it had not been said: all that was known before stays, and so do the other sources. */
  #take(name: string, contribution: Contribution): void {
    const before = this.#contributions.get(name);
    this.#contributions.set(name, contribution);
    this.#readiness.hear(name, contribution);
    // Before anybody is served a part is of no use, and each would be merged, judged and applied.
    if (contribution.isPartial && this.#settledAfter === undefined) return this.#publish();
    try {
      this.#merge();
    } catch (error) {
      internalErrors.report('source', error);
      if (before === undefined) this.#contributions.delete(name);
      else this.#contributions.set(name, before);
      // It may have stopped half-way.
      this.#incrementalMerge = new IncrementalMerge(this.#clock);
      this.#merge();
    }
  }

  stop(): void {
    this.#stop.abort();
    this.#cancelMerge();
    this.#checker.stop();
    this.#livenessProber.stop();
    this.#unproven.stop();
  }

  get snapshot(): Snapshot {
    return this.#publisher.current;
  }

  subscribe(onSnapshot: (snapshot: Snapshot, before: Snapshot) => void): () => void {
    return this.#publisher.subscribe(onSnapshot);
  }

  /** Which sources were heard. */
  get readiness(): Readiness {
    return this.#readiness;
  }

  /**
   * Resolves once requests would find what there is: each source was heard, and of each service it is known whether
   * anybody serves. After `timeoutMs` it is not waited for any longer, and the sources that are missing are a problem.
   */
  settle(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        cancelChecks?.();
        unsubscribe();
        if (this.#stop.signal.aborted || this.#settledAfter !== undefined) return;
        this.#settledAfter = timeoutMs;
        this.#merge();
        // At once: whoever waits for it goes by the snapshot of this moment.
        this.#publishNow();
        resolve();
      };
      let cancelChecks: (() => void) | undefined;
      const look = () => {
        if (this.#readiness.unheard.length > 0) return;
        if (this.#areJudged()) end();
        else cancelChecks ??= this.#clock.after(FIRST_CHECKS_MS, end);
      };
      const unsubscribe = this.#publisher.subscribe(look);
      const cancel = this.#clock.after(timeoutMs, end);
      look();
    });
  }

  #areJudged(): boolean {
    return this.#merged.services.every((service) =>
      isJudged(service, ({ id }) => {
        const check = this.check(id);
        return {
          isUp: this.#book.get(id)?.record.health?.flags.length === 0,
          isChecked: check !== undefined && (check.state !== 'pending' || check.checkedAt > 0),
        };
      }),
    );
  }

  /** What is known of a backend's last check. */
  check(backendId: string): CheckState | undefined {
    const known = this.#book.get(backendId);
    return known === undefined ? undefined : this.#checker.state(known.target.key);
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
    if (signal.kind === 'returned') record.acquit();
    else this.#checker.hurry(target.key);
    if (signal.kind === 'suspected') record.charge = { at: signal.at, proof: 'life' };
    if (signal.kind === 'ejected') {
      record.charge = signal;
      record.ejected = signal;
      // A worker that ends does not say that the backend has returned.
      this.#clock.after(signal.until - this.#clock.now(), () => this.#news([record]));
    }
    if (record.charge?.proof === 'life') this.#livenessProber.ask(target, record);
    if (signal.kind !== 'doubt' && signal.kind !== 'suspected') this.#news([record]);
  }

  /** A person's word about a backend; answers all that are meant, none if there is no such backend. */
  order(subject: string, order: BackendOrder): OrderedBackend[] {
    const ordered = this.#overrides.set(this.#merged.services, subject, order);
    if (ordered.length > 0) this.#merge();
    return ordered;
  }

  #onPass(target: Target, at: number): void {
    this.#unproven.pass(target);
    const proof: Proof = { kind: target.check.type === 'http' ? 'check' : 'connection', at };
    for (const record of this.#book.ofTarget(target)) if (record.prove(proof)) this.#news([record]);
  }

  /** What is said against any of the backends that are probed so. */
  #signalOf(target: Target): Merged['signals'][string] | undefined {
    for (const { id } of this.#book.ofTarget(target)) {
      const signal = this.#merged.signals[id];
      if (signal !== undefined) return signal;
    }
    return undefined;
  }

  #touch(records: Iterable<BackendRecord>): void {
    for (const record of records) this.#book.touch(record);
  }

  /** What is known of them is worth a snapshot. */
  #news(records: Iterable<BackendRecord>): void {
    this.#touch(records);
    this.#publish();
  }

  #merge(): void {
    const before = this.#merged;
    this.#merged = this.#overrides.layOver(this.#incrementalMerge.update([...this.#contributions.values()]));
    const { fresh, gone } = this.#book.update(changesOf(before.services, this.#merged.services));
    this.#checker.update(fresh, gone);
    this.#unproven.update(fresh, gone);
    this.#mergeWhenDue();
    this.#publish();
  }

  /** Time alone changes what there is, too. */
  #mergeWhenDue(): void {
    this.#cancelMerge();
    const { dueAt } = this.#incrementalMerge;
    if (dueAt === undefined) return;
    this.#cancelMerge = this.#clock.after(Math.max(0, dueAt - this.#clock.elapsed()), () => this.#merge());
  }

  /** Soon, and once for all that happens until then. */
  #publish(): void {
    if (this.#isPublishing || this.#stop.signal.aborted) return;
    const gap = Math.floor(this.#book.size / BACKENDS_PER_MS);
    const wait = this.#publishedAt + gap - this.#clock.elapsed();
    if (gap === 0 || wait <= 0) return this.#publishNow();
    this.#isPublishing = true;
    this.#clock.after(wait, () => {
      this.#isPublishing = false;
      if (!this.#stop.signal.aborted) this.#publishNow();
    });
  }

  #publishNow(): void {
    this.#publishedAt = this.#clock.elapsed();
    const { services, routes, signals } = this.#merged;
    const problems = [...this.#merged.problems, ...this.#neverHeard()];
    const health = this.#book.judge(signals, (id) => this.check(id), this.#clock.now());
    const sources = [...this.#contributions.values()].map((contribution) => contribution.status);
    const all = [...problems, ...this.#unproven.problems];
    this.#publisher.publish({ services, routes, health, problems: all, sources });
  }

  #neverHeard(): Problem[] {
    const after = this.#settledAfter;
    if (after === undefined) return [];
    return this.#readiness.unheard.map((name) =>
      neverHeard(name, this.#contributions.get(name)?.status, after),
    );
  }
}
