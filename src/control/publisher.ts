import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../model/clock.ts';
import type { SourceStatus } from '../model/contribution.ts';
import type { BackendHealth } from '../model/health.ts';
import type { Problem } from '../model/problem.ts';
import { EMPTY_SNAPSHOT, type Snapshot, type Topology } from '../model/snapshot.ts';

/** What a snapshot is made of. */
export interface SnapshotParts extends Topology {
  readonly health: Readonly<Record<string, BackendHealth>>;
  readonly problems: readonly Problem[];
  readonly sources: readonly SourceStatus[];
}

/**
 * Publishes whole states: skips those that change nothing, and makes one of several within a turn.
 */
export class Publisher {
  #current: Snapshot = EMPTY_SNAPSHOT;
  #pending: SnapshotParts | undefined;
  readonly #clock: Clock;
  readonly #subscribers = new Set<(snapshot: Snapshot, before: Snapshot) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get current(): Snapshot {
    return this.#current;
  }

  /** Calls back for every snapshot from now on; the answer ends that. */
  subscribe(onSnapshot: (snapshot: Snapshot, before: Snapshot) => void): () => void {
    this.#subscribers.add(onSnapshot);
    return () => this.#subscribers.delete(onSnapshot);
  }

  publish(parts: SnapshotParts): void {
    if (this.#pending === undefined) queueMicrotask(() => this.#flush());
    this.#pending = parts;
  }

  #flush(): void {
    const parts = this.#pending as SnapshotParts;
    this.#pending = undefined;
    const before = this.#current;
    const isSameTopology =
      isDeepStrictEqual(parts.services, before.services) && isDeepStrictEqual(parts.routes, before.routes);
    const isSame =
      isSameTopology &&
      isDeepStrictEqual(parts.health, before.health) &&
      isDeepStrictEqual(parts.problems, before.problems) &&
      isDeepStrictEqual(parts.sources, before.sources);
    if (isSame) return;
    this.#current = {
      version: before.version + 1,
      topologyVersion: isSameTopology ? before.topologyVersion : before.version + 1,
      createdAt: this.#clock.now(),
      services: isSameTopology ? before.services : parts.services,
      routes: isSameTopology ? before.routes : parts.routes,
      health: parts.health,
      problems: parts.problems,
      sources: parts.sources,
    };
    for (const onSnapshot of this.#subscribers) onSnapshot(this.#current, before);
  }
}
