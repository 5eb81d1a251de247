import type { BackendOrder, OrderedBackend } from '../model/admin.ts';
import { changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import type { Contribution } from '../model/contribution.ts';
import type { Transition } from '../model/health.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { guarded, guardedClock, internalErrors } from '../telemetry/internal-errors.ts';
import { AdminOverrides } from './admin-overrides.ts';
import type { Source } from './discovery/source.ts';
import { HealthMonitor } from './health/health-monitor.ts';
import type { Probe } from './health/probe.ts';
import type { CheckState } from './health/verdict.ts';
import { IncrementalMerge, type Merged } from './incremental-merge.ts';
import { MemoryOverrideStore, type OverrideStore } from './override-store.ts';
import { Publisher, type SnapshotParts, type Subscriber } from './publisher.ts';
import { isJudged, Readiness, withUnheard } from './readiness.ts';
import { Settling } from './settling.ts';

/**
 * Backends that one more millisecond lies between two snapshots for: thousands whose first checks pass one after the
 * other are not a snapshot each.
 */
const BACKENDS_PER_MS = 200;

const NOTHING: Merged = { services: [], routes: [], sourceHealth: {}, problems: [] };

export interface ControlPlaneOptions {
  /** Where the orders of people are kept; for as long as this lives without one. */
  readonly overrides?: OverrideStore;
  /** From 0 to 1, for what must not happen everywhere at one time. */
  readonly random?: () => number;
}

/** Sources say what exists, health is judged, and each change of either becomes a snapshot. */
export class ControlPlane {
  readonly #clock: Clock;
  readonly #sources: readonly Source[];
  readonly #contributions = new Map<string, Contribution>();
  readonly #readiness: Readiness;
  readonly #settling: Settling;
  #incrementalMerge: IncrementalMerge;
  #cancelMerge: () => void = () => {};
  readonly #overrides: AdminOverrides;
  #merged: Merged = NOTHING;
  readonly #health: HealthMonitor;
  readonly #publisher: Publisher;
  readonly #stop = new AbortController();

  constructor(sources: readonly Source[], given: Clock, probe: Probe, options: ControlPlaneOptions = {}) {
    const { overrides = new MemoryOverrideStore(), random = Math.random } = options;
    const clock = guardedClock(given);
    this.#clock = clock;
    this.#sources = sources;
    this.#readiness = new Readiness(sources.map(({ name }) => name));
    this.#incrementalMerge = new IncrementalMerge(clock);
    this.#overrides = new AdminOverrides(overrides, clock, () => this.#merge());
    this.#health = new HealthMonitor(clock, probe, random, () => this.#publish());
    this.#publisher = new Publisher(clock, () => this.#collect());
    this.#settling = new Settling(clock, {
      isHeard: () => this.#readiness.unheard.length === 0,
      isJudged: () => this.#isJudged(),
      onSettled: () => {
        this.#merge();
        // At once: whoever waits for it goes by the snapshot of this moment.
        this.#publisher.publish();
      },
    });
    this.#publisher.subscribe(() => this.#settling.look());
  }

  start(): void {
    this.#overrides.follow(this.#stop.signal);
    for (const source of this.#sources) {
      const publish = (contribution: Contribution) => {
        if (!this.#stop.signal.aborted) this.#take(source.name, contribution);
      };
      guarded('source', () => source.watch(publish, this.#stop.signal))();
    }
  }

  stop(): void {
    this.#stop.abort();
    this.#cancelMerge();
    this.#settling.stop();
    this.#health.stop();
    this.#publisher.stop();
  }

  get snapshot(): Snapshot {
    return this.#publisher.current;
  }

  /** Calls back for every snapshot from now on. */
  subscribe(onSnapshot: Subscriber): void {
    this.#publisher.subscribe(onSnapshot);
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
    return this.#settling.wait(timeoutMs);
  }

  /** What is known of a backend's last check. */
  check(backendId: string): CheckState | undefined {
    return this.#health.check(backendId);
  }

  /** The latest changes of a backend's health, the oldest first. */
  history(backendId: string): readonly Transition[] {
    return this.#health.history(backendId);
  }

  /** What requests told of a backend. */
  signal(signal: BackendSignal): void {
    this.#health.signal(signal);
  }

  /** A person's word about a backend; answers all that are meant, none if there is no such backend. */
  order(subject: string, order: BackendOrder): OrderedBackend[] {
    const ordered = this.#overrides.set(this.#merged.services, subject, order);
    if (ordered.length > 0) this.#merge();
    return ordered;
  }

  /** What cannot be merged is as if it had not been said: all that was known before stays, and so do the other sources. */
  #take(name: string, contribution: Contribution): void {
    const before = this.#contributions.get(name);
    this.#contributions.set(name, contribution);
    this.#readiness.hear(name, contribution);
    // Before anybody is served a part is of no use, and each would be merged, judged and applied.
    if (contribution.isPartial && this.#settling.givenMs === undefined) return this.#publish();
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
    // A last part that adds nothing to those before is no other snapshot.
    this.#settling.look();
  }

  #merge(): void {
    const before = this.#merged;
    const merged = this.#incrementalMerge.update([...this.#contributions.values()]);
    this.#merged = this.#overrides.layOver(merged);
    this.#health.update(changesOf(before.services, this.#merged.services), this.#merged.sourceHealth);
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

  #isJudged(): boolean {
    return this.#merged.services.every((service) =>
      isJudged(service, ({ id }) => {
        const check = this.check(id);
        return {
          isUp: this.#health.isUp(id),
          isChecked: check !== undefined && (check.state !== 'pending' || check.checkedAt > 0),
        };
      }),
    );
  }

  /** Soon, and once for all that happens until then. */
  #publish(): void {
    this.#publisher.publishSoon(Math.floor(this.#health.size / BACKENDS_PER_MS));
  }

  #collect(): SnapshotParts {
    const { services, routes, problems } = this.#merged;
    const health = this.#health.judge();
    const sources = [...this.#contributions.values()].map(({ status }) => status);
    const { givenMs } = this.#settling;
    const found =
      givenMs === undefined ? problems : withUnheard(problems, this.#readiness.unheard, sources, givenMs);
    const others = [...this.#overrides.problems, ...this.#health.problems];
    return { services, routes, health, problems: [...found, ...others], sources };
  }
}
