import type { Address } from '../model/address.ts';
import type { Clock } from '../model/clock.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { countRequests, type TrafficStats } from '../model/stats.ts';
import type { Plane, Traffic, WorkerPlace, WorkerStatus } from '../model/traffic.ts';
import { bindAddress, canBind } from './sockets.ts';
import { usage } from './usage.ts';

/** One worker, which is this process. */
export class LocalTraffic implements Traffic {
  readonly #plane: Plane;
  readonly #startedAt: number;
  #snapshot = EMPTY_SNAPSHOT;
  #state: 'starting' | 'serving' | 'draining' = 'starting';

  constructor(plane: Plane, clock: Clock) {
    this.#plane = plane;
    this.#startedAt = clock.now();
  }

  async start(addresses: readonly Address[]): Promise<Address[]> {
    const bound: Address[] = [];
    for (const address of addresses) bound.push(await this.#listen(address));
    this.#state = 'serving';
    return bound;
  }

  async #listen(address: Address): Promise<Address> {
    if (!canBind()) return this.#plane.listen(address);
    const bound = await bindAddress(address, 1);
    for (const socket of bound.places.flat()) await this.#plane.listen({ ...bound.address, socket });
    return bound.address;
  }

  apply(snapshot: Snapshot): void {
    this.#plane.apply(snapshot);
    this.#snapshot = snapshot;
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

  places(): WorkerPlace[] {
    const { cpuSeconds } = usage();
    return [{ worker: 1, requests: countRequests(this.#plane.stats()), cpuSeconds, restarts: 0 }];
  }

  alarms(): string[] {
    return [];
  }

  /** This process cannot replace itself. */
  async reload(): Promise<void> {}

  stop(graceMs: number): Promise<void> {
    this.#state = 'draining';
    return this.#plane.stop(graceMs);
  }

  kill(): void {}
}
