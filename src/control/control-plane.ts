import type { BackendOrder, OrderedBackend } from '../model/admin.ts';
import type { Clock } from '../model/clock.ts';
import type { Contribution } from '../model/contribution.ts';
import type { BackendHealth, Proof, Transition } from '../model/health.ts';
import type { Service } from '../model/service.ts';
import type { BackendSignal } from '../model/signal.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { Source } from './discovery/source.ts';
import { Checker, type Target } from './health/checker.ts';
import { LifeProber } from './health/life.ts';
import type { CheckState } from './health/machine.ts';
import type { Probe } from './health/probe.ts';
import { HealthRecord } from './health/record.ts';
import { Orders } from './orders.ts';
import { Publisher } from './publisher.ts';
import { type Merged, mergeContributions } from './topology.ts';

/**
 * Backends that one more millisecond lies between two snapshots for. A snapshot is whole state, and thousands of
 * backends whose first checks pass one after the other would be judged anew for each; some dozens are so at once.
 */
const BACKENDS_PER_MS = 50;

const NOTHING: Merged = { services: [], routes: [], signals: {}, problems: [] };

/** Sources say what exists, health is judged, and each change of either becomes a snapshot. */
export class ControlPlane {
  readonly #clock: Clock;
  readonly #sources: readonly Source[];
  readonly #publisher: Publisher;
  readonly #checker: Checker;
  readonly #life: LifeProber;
  readonly #stop = new AbortController();
  readonly #contributions = new Map<string, Contribution>();
  readonly #orders: Orders;
  #merged: Merged = NOTHING;
  /** By `Backend.id`. */
  #records: ReadonlyMap<string, HealthRecord> = new Map();
  #targets: ReadonlyMap<string, Target> = new Map();
  /** Ids of the backends that are probed as one, by `Target.key`. */
  #probedAs: ReadonlyMap<string, readonly string[]> = new Map();
  #isPublishing = false;
  #publishedAt = Number.NEGATIVE_INFINITY;

  constructor(sources: readonly Source[], clock: Clock, probe: Probe, random: () => number = Math.random) {
    this.#clock = clock;
    this.#sources = sources;
    this.#publisher = new Publisher(clock);
    this.#orders = new Orders(clock);
    this.#life = new LifeProber(clock, probe, () => this.#publish());
    this.#checker = new Checker(clock, probe, random, {
      onChange: () => this.#publish(),
      onPass: (target, beganAt) => this.#onPass(target, beganAt),
    });
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
    this.#life.stop();
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
    const target = this.#targets.get(backendId);
    return target === undefined ? undefined : this.#checker.state(target.key);
  }

  /** The latest changes of a backend's health, the oldest first. */
  history(backendId: string): readonly Transition[] {
    return this.#records.get(backendId)?.history ?? [];
  }

  /** What requests told of a backend. */
  signal(signal: BackendSignal): void {
    const target = this.#targets.get(signal.backendId);
    const record = this.#records.get(signal.backendId);
    // It may have left meanwhile.
    if (target === undefined || record === undefined) return;
    if (signal.kind === 'returned') record.acquit();
    else this.#checker.hurry(target.key);
    if (signal.kind === 'suspected') record.charge = { at: signal.at, proof: 'life' };
    if (signal.kind === 'ejected') {
      record.charge = signal;
      record.ejected = signal;
      // A worker that ends does not say that the backend has returned.
      this.#clock.after(signal.until - this.#clock.now(), () => this.#publish());
    }
    if (record.charge?.proof === 'life') this.#life.ask(target, record);
    if (signal.kind !== 'doubt' && signal.kind !== 'suspected') this.#publish();
  }

  /** A person's word about a backend; answers all that are meant, none if there is no such backend. */
  order(subject: string, order: BackendOrder): OrderedBackend[] {
    const ordered = this.#orders.set(this.#merged.services, subject, order);
    if (ordered.length > 0) this.#merge();
    return ordered;
  }

  #onPass(target: Target, at: number): void {
    const proof: Proof = { kind: target.check.type === 'http' ? 'check' : 'connection', at };
    let isNews = false;
    for (const id of this.#probedAs.get(target.key) ?? []) {
      if (this.#records.get(id)?.prove(proof)) isNews = true;
    }
    if (isNews) this.#publish();
  }

  #merge(): void {
    const merged = mergeContributions([...this.#contributions.values()], this.#merged.routes);
    this.#merged = this.#orders.layOver(merged);
    const targets = new Map<string, Target>();
    const records = new Map<string, HealthRecord>();
    const probedAs = new Map<string, string[]>();
    for (const service of this.#merged.services) {
      const check = JSON.stringify(service.health);
      for (const backend of service.backends) {
        const target = targetOf(service, backend, check);
        targets.set(backend.id, target);
        probedAs.set(target.key, [...(probedAs.get(target.key) ?? []), backend.id]);
        records.set(backend.id, this.#records.get(backend.id) ?? new HealthRecord());
      }
    }
    this.#targets = targets;
    this.#probedAs = probedAs;
    this.#records = records;
    this.#checker.update([...targets.values()]);
    this.#publish();
  }

  /** Soon, and once for all that happens until then. */
  #publish(): void {
    if (this.#isPublishing || this.#stop.signal.aborted) return;
    const gap = Math.floor(this.#records.size / BACKENDS_PER_MS);
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
    const { services, routes, signals, problems } = this.#merged;
    const health: Record<string, BackendHealth> = {};
    const now = this.#clock.now();
    for (const [id, record] of this.#records) {
      health[id] = record.judge({ source: signals[id], check: this.check(id) }, now);
    }
    const sources = [...this.#contributions.values()].map((contribution) => contribution.status);
    this.#publisher.publish({ services, routes, health, problems, sources });
  }
}

/** @param check the service's, as text */
function targetOf(service: Service, backend: Service['backends'][number], check: string): Target {
  // What identifies a backend without its service: the same process in two services is probed once.
  const { host, port } = backend.address;
  const process = `${backend.id.slice(service.name.length + 1)} ${host}:${port}`;
  const key = `${process} ${check}`;
  return { process, key, address: backend.address, check: service.health };
}
