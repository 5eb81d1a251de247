import type { Clock } from '../model/clock.ts';
import type { Listener } from '../model/listener.ts';
import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { countersOf, NO_TRAFFIC, sumStats, type TrafficStats } from '../model/stats.ts';
import type { Traffic, WorkerPlace, WorkerStatus } from '../model/traffic.ts';
import type { Log } from '../telemetry/log.ts';
import type { InheritedSocket } from './channel.ts';
import { Place, type PlaceContext } from './place.ts';
import { FIRST_FD, type Spawn } from './process.ts';
import { type RemoteContext, RemoteWorker } from './remote.ts';
import { type BoundListener, bindAll } from './sockets.ts';
import { makePacker, makeSharer } from './wire.ts';

/**
 * How often workers are asked for their counts when nobody looks, so that little is lost with one that dies. With
 * thousands of backends an answer takes milliseconds of the thread that carries traffic.
 */
const REPORT_EVERY_MS = 10_000;
/** One that has not answered so often in a row hangs, and is ended. */
const HANGING = 3;

export interface SupervisorInput {
  /** How many workers. */
  readonly count: number;
  readonly spawn: Spawn;
  /** What each worker is told of the options. */
  readonly options: object;
  readonly isTerminal: boolean;
  /** How long a worker that is replaced may finish what it has. */
  readonly graceMs: number;
  /** Hears what requests tell of a backend's health. */
  readonly onSignal: (signal: BackendSignal) => void;
  readonly log: Log;
  readonly clock: Clock;
}

/** Workers that carry the traffic: hands them snapshots, sums what they count, and replaces those that die. */
export class Supervisor implements Traffic, PlaceContext, RemoteContext {
  readonly log: Log;
  readonly clock: Clock;
  readonly pack = makePacker();
  readonly onSignal: (signal: BackendSignal) => void;
  readonly #input: SupervisorInput;
  /** Of the workers that begin from now on. */
  #options: object;
  #graceMs: number;
  readonly #places: readonly Place[];
  readonly #listening: BoundListener[] = [];
  readonly #share: ReturnType<typeof makeSharer>;
  #snapshot = EMPTY_SNAPSHOT;
  /** What workers that are gone have counted. */
  #gone = NO_TRAFFIC;
  #summed: readonly TrafficStats[] = [];
  #sum = NO_TRAFFIC;
  #isStopping = false;
  #reloading: Promise<void> | undefined;
  #cancelReports = () => {};

  constructor(input: SupervisorInput) {
    this.#input = input;
    this.#options = input.options;
    this.#graceMs = input.graceMs;
    this.log = input.log;
    this.clock = input.clock;
    this.onSignal = input.onSignal;
    this.#share = makeSharer(input.count);
    this.#places = Array.from({ length: input.count }, (_, i) => new Place(i + 1, this));
  }

  async start(listeners: readonly Listener[]): Promise<Listener[]> {
    this.#listening.push(...(await bindAll(listeners, this.#places.length)));
    this.#scheduleReports();
    try {
      await Promise.all(this.#places.map((place) => place.start()));
    } catch (error) {
      this.kill();
      throw error;
    }
    return this.#listening.map(({ listener }) => listener);
  }

  apply(snapshot: Snapshot): void {
    let { services } = this.#snapshot;
    if (snapshot.topologyVersion !== this.#snapshot.topologyVersion) {
      services = this.#share(snapshot.services);
      this.#gone = onlyOf(this.#gone, snapshot);
    }
    this.#snapshot = { ...snapshot, services };
    for (const worker of this.#workers()) worker.apply(this.#snapshot);
  }

  adopt(options: object, graceMs: number): void {
    this.#options = options;
    this.#graceMs = graceMs;
    for (const worker of this.#workers()) worker.adopt(options);
  }

  isServing(version: number): boolean {
    if (this.#isStopping || !this.#places.some((place) => place.isServing)) return false;
    return this.#places.every((place) => place.follows(version));
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#workers().map((worker) => worker.refresh()));
  }

  stats(): TrafficStats {
    const parts = [this.#gone, ...this.#workers().map(({ stats }) => stats)];
    // Each of many metrics asks for it, and reports come whole and are never changed.
    const isSame = parts.length === this.#summed.length && parts.every((part, i) => part === this.#summed[i]);
    if (!isSame) {
      this.#summed = parts;
      this.#sum = sumStats(parts);
    }
    return this.#sum;
  }

  workers(): WorkerStatus[] {
    return this.#workers().map((worker) => worker.status());
  }

  places(): WorkerPlace[] {
    return this.#places.map((place) => place.status());
  }

  alarms(): string[] {
    return this.#places.flatMap((place, i) =>
      place.alarm === undefined ? [] : `worker ${i + 1} ${place.alarm}`,
    );
  }

  reload(): Promise<void> {
    this.#reloading ??= this.#replaceAll().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#cancelReports();
    for (const { close } of this.#listening.splice(0)) close();
    const workers = this.#workers();
    for (const place of this.#places) place.stop(graceMs);
    await Promise.all(workers.map((worker) => worker.closed));
  }

  kill(): void {
    this.#isStopping = true;
    this.#cancelReports();
    for (const { close } of this.#listening.splice(0)) close();
    for (const place of this.#places) place.stop(0);
    for (const worker of this.#workers()) worker.kill();
  }

  // What places ask for.

  spawn(worker: number): RemoteWorker {
    const { isTerminal } = this.#input;
    const process = this.#input.spawn(this.#listening.flatMap(descriptorsOf));
    const common = { isTerminal, options: this.#options, graceMs: this.#graceMs };
    const start = { ...common, worker, sockets: inherited(this.#listening) };
    return new RemoteWorker(process, start, this.#snapshot, this);
  }

  onGone(worker: RemoteWorker): void {
    this.#gone = onlyOf(sumStats([this.#gone, countersOf(worker.stats)]), this.#snapshot);
    this.#cover();
  }

  onReplaced(): void {
    this.#cover();
  }

  /** Connections that wait for a worker that died are taken by another, which keeps doing so. */
  #cover(): void {
    if (this.#isStopping) return;
    const serving = this.#workers().filter(({ isServing }) => isServing);
    for (const [i, place] of this.#places.entries()) {
      if (!place.isVacant || serving.some(({ covered }) => covered.has(i + 1))) continue;
      const [least] = serving.toSorted((a, b) => a.covered.size - b.covered.size);
      least?.cover(i + 1);
    }
  }

  #workers(): RemoteWorker[] {
    return this.#places.flatMap((place) => [...place.workers]);
  }

  async #replaceAll(): Promise<void> {
    this.log.info(`replacing ${this.#places.length} workers, one after the other`);
    for (const [i, place] of this.#places.entries()) {
      if (this.#isStopping) return;
      try {
        await place.replace(this.#graceMs);
      } catch (error) {
        this.log.error(`worker ${i + 1} is not replaced, and no other: ${(error as Error).message}`);
        return;
      }
    }
    this.log.info('all workers are replaced');
  }

  #scheduleReports(): void {
    this.#cancelReports = this.clock.after(REPORT_EVERY_MS, () => {
      this.#scheduleReports();
      for (const worker of this.#workers()) {
        // Counted, not timed: when everything stood still, as in a paused container, nobody has hung.
        if (worker.missed++ < HANGING) continue;
        this.log.error({ pid: worker.pid }, `a worker has not answered for ${HANGING * REPORT_EVERY_MS} ms`);
        worker.kill();
      }
      void this.refresh();
    });
  }
}

function descriptorsOf({ places }: BoundListener): number[] {
  return places.flat().map((socket) => socket.fd());
}

/** The descriptors of a worker that inherits all of these, by place. */
function inherited(listening: readonly BoundListener[]): InheritedSocket[][] {
  const sockets: InheritedSocket[][] = [];
  let fd = FIRST_FD;
  for (const { listener, places } of listening) {
    for (const [place, own] of places.entries()) {
      sockets[place] ??= [];
      for (const _ of own) sockets[place].push({ listener, fd: fd++ });
    }
  }
  return sockets;
}

/** What was counted for services and backends that still exist: of others nobody asks, and containers come and go. */
function onlyOf(stats: TrafficStats, { services }: Snapshot): TrafficStats {
  const names = new Set(services.map(({ name }) => name));
  const ids = new Set(services.flatMap(({ backends }) => backends.map(({ id }) => id)));
  const only = <T>(all: Readonly<Record<string, T>>, wanted: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => wanted.has(key)));
  return { ...stats, services: only(stats.services, names), backends: only(stats.backends, ids) };
}
