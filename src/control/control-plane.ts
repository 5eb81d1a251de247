import type { BackendOrder, OrderedBackend } from '../model/admin.ts';
import { changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import type { Contribution } from '../model/contribution.ts';
import type { Transition } from '../model/health.ts';
import { EMPTY_KEYRING, type Keyring } from '../model/keyring.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { guarded, guardedClock, internalErrors } from '../telemetry/internal-errors.ts';
import { AdminOverrides } from './admin-overrides.ts';
import {
  type CertificateOptions,
  Certificates,
  type KeyringSubscriber,
} from './certificates/certificates.ts';
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
 * Snapshots are one millisecond further apart for every so many backends. So thousands of backends whose first checks
 * pass one after the other do not each make a snapshot.
 */
const BACKENDS_PER_MS = 200;

/** How long the start waits for certificates: they lie on this machine, unless their folder hangs. */
const MAKING_MS = 5_000;

const NOTHING: Merged = { services: [], routes: [], sourceHealth: {}, problems: [] };

export interface ControlPlaneOptions {
  /** Where people's orders are kept; in memory, for as long as this control plane lives, if left out. */
  readonly overrides?: OverrideStore;
  /** Where certificates come from; without it there are none. */
  readonly certificates?: CertificateOptions;
  /** Returns a number from 0 to 1, which spreads what must not happen everywhere at the same time. */
  readonly random?: () => number;
}

/** Joins what the sources say and what is known of health, and publishes a snapshot for each change of either. */
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
  readonly #certificates: Certificates | undefined;
  readonly #stop = new AbortController();

  constructor(sources: readonly Source[], given: Clock, probe: Probe, options: ControlPlaneOptions = {}) {
    const { overrides = new MemoryOverrideStore(), random = Math.random, certificates } = options;
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
        // Without the usual gap, since the start goes on with the snapshot of this moment.
        this.#publisher.publish();
      },
    });
    this.#publisher.subscribe(() => this.#settling.look());
    this.#certificates = certificates && new Certificates(certificates, clock, () => this.#publish());
    this.#publisher.subscribe(({ routes }) => this.#certificates?.want(routes));
  }

  start(): void {
    this.#certificates?.start();
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
    void this.#certificates?.stop();
  }

  get snapshot(): Snapshot {
    return this.#publisher.current;
  }

  /** Calls back for every snapshot from now on. */
  subscribe(onSnapshot: Subscriber): void {
    this.#publisher.subscribe(onSnapshot);
  }

  /** What is known of certificates, but for their keys; undefined where there are none. */
  get certificates(): Pick<Certificates, 'report' | 'root' | 'describe'> | undefined {
    return this.#certificates;
  }

  get keyring(): Keyring {
    return this.#certificates?.keyring ?? EMPTY_KEYRING;
  }

  /** Calls back for every keyring from now on: whole and apart from the snapshot, since there are keys in it. */
  onKeyring(onKeyring: KeyringSubscriber): void {
    this.#certificates?.subscribe(onKeyring);
  }

  /** Tells which sources were heard. */
  get readiness(): Readiness {
    return this.#readiness;
  }

  /**
   * Resolves once requests would find all that there is: each source was heard, and of each service it is known whether
   * anybody serves. Resolves after `timeoutMs` in any case; sources that were not heard by then are reported as problems.
   * The certificates of what there is have been read or made then, too.
   */
  async settle(timeoutMs: number): Promise<void> {
    await this.#settling.wait(timeoutMs);
    await this.#certificates?.settle(this.#merged.routes, MAKING_MS);
  }

  /** What is known of a backend's last check. */
  check(backendId: string): CheckState | undefined {
    return this.#health.check(backendId);
  }

  /** The latest changes of a backend's health, the oldest first. */
  history(backendId: string): readonly Transition[] {
    return this.#health.history(backendId);
  }

  /** Takes what the data plane learned of a backend. */
  signal(signal: BackendSignal): void {
    this.#health.signal(signal);
  }

  /** Takes a person's order about backends and returns the backends that it is about; none if no backend matches. */
  order(subject: string, order: BackendOrder): OrderedBackend[] {
    const ordered = this.#overrides.set(this.#merged.services, subject, order);
    if (ordered.length > 0) this.#merge();
    return ordered;
  }

  /** Takes what a source says. If it cannot be merged, the source's last contribution stays in force, and so do the other sources. */
  #take(name: string, contribution: Contribution): void {
    const before = this.#contributions.get(name);
    this.#contributions.set(name, contribution);
    this.#readiness.hear(name, contribution);
    // During the start nobody uses a partial list, and merging and applying each part would be wasted work.
    if (contribution.isPartial && this.#settling.givenMs === undefined) return this.#publish();
    try {
      this.#merge();
    } catch (error) {
      internalErrors.report('source', error);
      if (before === undefined) this.#contributions.delete(name);
      else this.#contributions.set(name, before);
      // The exception may have left the merge half done.
      this.#incrementalMerge = new IncrementalMerge(this.#clock);
      this.#merge();
    }
    // The last part may add nothing, so that no snapshot follows that would call this.
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

  /** Merges again when time alone will have changed the result. */
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

  /** Publishes a snapshot soon: one for everything that changes until then. */
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
    const ofCertificates = this.#certificates?.problems ?? [];
    const others = [...this.#overrides.problems, ...this.#health.problems, ...ofCertificates];
    return { services, routes, health, problems: [...found, ...others], sources };
  }
}
