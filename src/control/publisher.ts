import { isDeepStrictEqual } from 'node:util';
import { changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import type { SourceStatus } from '../model/contribution.ts';
import type { BackendHealth } from '../model/health.ts';
import type { Problem } from '../model/problem.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type Topology } from '../model/snapshot.ts';
import { guarded } from '../telemetry/internal-errors.ts';

/** What a snapshot is made of. */
export interface SnapshotParts extends Topology {
  /** The very same map as long as no backend's health changes. */
  readonly health: ReadonlyMap<string, BackendHealth>;
  readonly problems: readonly Problem[];
  readonly sources: readonly SourceStatus[];
}

export type Subscriber = (snapshot: Snapshot, before: Snapshot) => void;

/** Publishes snapshots: one for several changes of the same turn, and none for changes that undo each other. */
export class Publisher {
  #current: Snapshot = EMPTY_SNAPSHOT;
  readonly #clock: Clock;
  readonly #collect: () => SnapshotParts;
  readonly #subscribers: Subscriber[] = [];
  /** A snapshot will be made at the end of this turn. */
  #isDue = false;
  #publishedAt = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #isStopped = false;

  /** @param collect returns the parts as they are now */
  constructor(clock: Clock, collect: () => SnapshotParts) {
    this.#clock = clock;
    this.#collect = collect;
  }

  get current(): Snapshot {
    return this.#current;
  }

  /** Calls back for every snapshot from now on. */
  subscribe(onSnapshot: Subscriber): void {
    this.#subscribers.push(guarded('snapshot', onSnapshot));
  }

  /** Makes a snapshot at the end of this turn, but no sooner than `gapMs` after the last one. Call it after a change. */
  publishSoon(gapMs: number): void {
    if (this.#isDue || this.#cancel !== undefined || this.#isStopped) return;
    const wait = this.#publishedAt + gapMs - this.#clock.elapsed();
    if (gapMs === 0 || wait <= 0) return this.publish();
    this.#cancel = this.#clock.after(wait, () => this.publish());
  }

  /** Makes a snapshot at the end of this turn. Call it after a change. */
  publish(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#isDue || this.#isStopped) return;
    this.#isDue = true;
    queueMicrotask(guarded('snapshot', () => this.#flush()));
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel?.();
  }

  #flush(): void {
    this.#isDue = false;
    if (this.#isStopped) return;
    this.#publishedAt = this.#clock.elapsed();
    const parts = this.#collect();
    const before = this.#current;
    const services = kept(before.services, parts.services);
    const routes = kept(before.routes, parts.routes);
    const problems = kept(before.problems, parts.problems);
    const sources = kept(before.sources, parts.sources);
    const { health } = parts;
    const isSameTopology = services === before.services && routes === before.routes;
    const isSameRest = health === before.health && problems === before.problems && sources === before.sources;
    if (isSameTopology && isSameRest) return;
    this.#current = {
      version: before.version + 1,
      topologyVersion: isSameTopology ? before.topologyVersion : before.version + 1,
      createdAt: this.#clock.now(),
      services,
      routes,
      health,
      problems,
      sources,
    };
    for (const onSnapshot of this.#subscribers) onSnapshot(this.#current, before);
  }
}

/** The list before, if the new list says the same: a change that was undone within the turn leaves equal values, but new ones. */
function kept<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  const { gone, fresh } = changesOf(before, after);
  return isDeepStrictEqual(gone, fresh) ? before : after;
}
