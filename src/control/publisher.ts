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
  readonly health: ReadonlyMap<string, BackendHealth>;
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
    const subscriber = guarded('snapshot', onSnapshot);
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  publish(parts: SnapshotParts): void {
    if (this.#pending === undefined) queueMicrotask(guarded('snapshot', () => this.#flush()));
    this.#pending = parts;
  }

  #flush(): void {
    const parts = this.#pending as SnapshotParts;
    this.#pending = undefined;
    const before = this.#current;
    const services = kept(before.services, parts.services);
    const routes = kept(before.routes, parts.routes);
    const problems = kept(before.problems, parts.problems);
    const sources = kept(before.sources, parts.sources);
    const isSameTopology = services === before.services && routes === before.routes;
    const isSame =
      isSameTopology &&
      problems === before.problems &&
      sources === before.sources &&
      isSameHealth(parts.health, before.health);
    if (isSame) return;
    this.#current = {
      version: before.version + 1,
      topologyVersion: isSameTopology ? before.topologyVersion : before.version + 1,
      createdAt: this.#clock.now(),
      services,
      routes,
      health: parts.health,
      problems,
      sources,
    };
    for (const onSnapshot of this.#subscribers) onSnapshot(this.#current, before);
  }
}

/** The list before if the other one says the same. */
function kept<T>(before: readonly T[], after: readonly T[]): readonly T[] {
  const { gone, fresh } = changesOf(before, after);
  return isDeepStrictEqual(gone, fresh) ? before : after;
}

function isSameHealth(a: ReadonlyMap<string, BackendHealth>, b: ReadonlyMap<string, BackendHealth>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [id, health] of a) {
    const other = b.get(id);
    if (health !== other && !isDeepStrictEqual(health, other)) return false;
  }
  return true;
}
