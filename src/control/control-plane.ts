import type { Clock } from '../model/clock.ts';
import type { Contribution } from '../model/contribution.ts';
import type { BackendHealth, HealthFlag } from '../model/health.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Source } from './discovery/source.ts';
import { Checker, type CheckState, type Target } from './health/checker.ts';
import type { Probe } from './health/probe.ts';
import { Publisher } from './publisher.ts';
import { type Merged, mergeContributions } from './topology.ts';

const NOTHING: Merged = { services: [], routes: [], signals: {}, problems: [] };

/** Sources say what exists, health is judged, and each change of either becomes a snapshot. */
export class ControlPlane {
  readonly #clock: Clock;
  readonly #sources: readonly Source[];
  readonly #publisher: Publisher;
  readonly #checker: Checker;
  readonly #stop = new AbortController();
  readonly #contributions = new Map<string, Contribution>();
  #merged: Merged = NOTHING;
  #health: Record<string, BackendHealth> = {};

  constructor(sources: readonly Source[], clock: Clock, probe: Probe, random: () => number = Math.random) {
    this.#clock = clock;
    this.#sources = sources;
    this.#publisher = new Publisher(clock);
    this.#checker = new Checker(clock, probe, random, () => this.#publish());
  }

  start(): void {
    for (const source of this.#sources) {
      const publish = (contribution: Contribution) => {
        if (this.#stop.signal.aborted) return;
        this.#contributions.set(source.name, contribution);
        this.#merge();
      };
      source.watch(publish, this.#stop.signal);
    }
  }

  stop(): void {
    this.#stop.abort();
    this.#checker.stop();
  }

  get snapshot(): Snapshot {
    return this.#publisher.current;
  }

  subscribe(onSnapshot: (snapshot: Snapshot, before: Snapshot) => void): () => void {
    return this.#publisher.subscribe(onSnapshot);
  }

  /** Every source has said something, be it that it cannot hear anything. */
  get isReady(): boolean {
    return this.#sources.every((source) => this.#contributions.has(source.name));
  }

  /** What is known of a backend's last check. */
  check(backendId: string): CheckState | undefined {
    for (const service of this.#merged.services) {
      const backend = service.backends.find((candidate) => candidate.id === backendId);
      if (backend !== undefined) return this.#checker.state(targetOf(service, backend).key);
    }
    return undefined;
  }

  #merge(): void {
    this.#merged = mergeContributions([...this.#contributions.values()], this.#merged.routes);
    this.#checker.update(
      this.#merged.services.flatMap((service) =>
        service.backends.map((backend) => targetOf(service, backend)),
      ),
    );
    this.#publish();
  }

  #publish(): void {
    this.#health = this.#judgeAll();
    const { services, routes, problems } = this.#merged;
    const sources = [...this.#contributions.values()].map((contribution) => contribution.status);
    this.#publisher.publish({ services, routes, health: this.#health, problems, sources });
  }

  #judgeAll(): Record<string, BackendHealth> {
    const health: Record<string, BackendHealth> = {};
    for (const service of this.#merged.services) {
      for (const backend of service.backends) {
        const check = this.#checker.state(targetOf(service, backend).key);
        health[backend.id] = judge(
          this.#merged.signals[backend.id],
          check,
          this.#health[backend.id],
          this.#clock,
        );
      }
    }
    return health;
  }
}

function targetOf(service: Service, backend: Service['backends'][number]): Target {
  // What identifies a backend without its service: the same process in two services is probed once.
  const { host, port } = backend.address;
  const process = `${backend.id.slice(service.name.length + 1)} ${host}:${port}`;
  const key = `${process} ${JSON.stringify(service.health)}`;
  return { process, key, address: backend.address, check: service.health };
}

/** All signals about one backend as one verdict. The time is kept as long as the flags stay the same. */
function judge(
  signal: Omit<BackendHealth, 'since'> | undefined,
  check: CheckState | undefined,
  before: BackendHealth | undefined,
  clock: Clock,
): BackendHealth {
  const flags = new Set<HealthFlag>(signal?.flags);
  if (check?.verdict === 'pending') flags.add('Pending');
  if (check?.verdict === 'down') flags.add('FailedCheck');
  const reasons = [
    signal?.reason,
    check?.verdict === 'up' && signal !== undefined ? undefined : check?.reason,
  ];
  const reason = reasons.filter((text) => text !== undefined).join('; ');
  const list = [...flags].sort();
  const isSame = before !== undefined && before.flags.join() === list.join();
  // Probes of a healthy backend vary in their words; that is no news.
  if (isSame && list.length === 0) return before;
  return { flags: list, reason, since: isSame ? before.since : clock.now() };
}
