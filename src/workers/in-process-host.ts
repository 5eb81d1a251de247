import type { Clock } from '../model/clock.ts';
import type { DataPlaneHost, Plane, SlotStatus, WorkerStatus } from '../model/data-plane.ts';
import type { Keyring } from '../model/keyring.ts';
import { boundTo, type Listener } from '../model/listener.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { countRequests, type TrafficStats } from '../model/stats.ts';
import { bindAll, canBind } from './sockets.ts';
import { usage } from './usage.ts';

/** Runs the data plane in this process, which then is its own only worker. */
export class InProcessHost implements DataPlaneHost {
  readonly #plane: Plane;
  readonly #startedAt: number;
  #snapshot = EMPTY_SNAPSHOT;
  #state: 'starting' | 'serving' | 'draining' = 'starting';

  constructor(plane: Plane, clock: Clock) {
    this.#plane = plane;
    this.#startedAt = clock.now();
  }

  async start(listeners: readonly Listener[]): Promise<Listener[]> {
    const listening = canBind() ? await this.#listenBound(listeners) : await this.#listen(listeners);
    this.#state = 'serving';
    return listening;
  }

  async #listenBound(listeners: readonly Listener[]): Promise<Listener[]> {
    const bound = await bindAll(listeners, 1);
    for (const { listener, slots } of bound)
      for (const socket of slots.flat()) await this.#plane.listen(listener, { socket });
    return bound.map(({ listener }) => listener);
  }

  async #listen(listeners: readonly Listener[]): Promise<Listener[]> {
    const listening: Listener[] = [];
    for (const listener of listeners) listening.push(boundTo(listener, await this.#plane.listen(listener)));
    return listening;
  }

  apply(snapshot: Snapshot): void {
    this.#plane.apply(snapshot);
    this.#snapshot = snapshot;
  }

  adoptKeyring(keyring: Keyring): void {
    this.#plane.adoptKeyring(keyring);
  }

  adopt(options: object): void {
    this.#plane.adopt(options);
  }

  isServing(version: number): boolean {
    return this.#state === 'serving' && this.#snapshot.version >= version;
  }

  async refresh(): Promise<void> {}

  stats(): TrafficStats {
    return this.#plane.stats();
  }

  workers(): WorkerStatus[] {
    const stats = this.#plane.stats();
    return [
      {
        worker: 1,
        pid: process.pid,
        state: this.#state,
        startedAt: this.#startedAt,
        version: this.#snapshot.version,
        connections: stats.clientConnections,
        requests: countRequests(stats),
        ...usage(),
      },
    ];
  }

  slots(): SlotStatus[] {
    const { cpuSeconds } = usage();
    return [{ worker: 1, requests: countRequests(this.#plane.stats()), cpuSeconds, restarts: 0 }];
  }

  alarms(): string[] {
    return [];
  }

  /** Does nothing: this process cannot replace itself. */
  async reload(): Promise<void> {}

  stop(graceMs: number): Promise<void> {
    this.#state = 'draining';
    return this.#plane.stop(graceMs);
  }

  kill(): void {}
}
