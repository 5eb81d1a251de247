import type { Clock } from '../model/clock.ts';
import type { DataPlaneHost, SlotStatus, WorkerStatus } from '../model/data-plane.ts';
import { EMPTY_KEYRING, type Keyring } from '../model/keyring.ts';
import type { Listener } from '../model/listener.ts';
import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { countersOf, NO_TRAFFIC, sumStats, type TrafficStats } from '../model/stats.ts';
import type { Log } from '../telemetry/log.ts';
import type { InheritedSocket } from './channel.ts';
import { FIRST_FD, type Spawn } from './process.ts';
import { type RemoteContext, RemoteWorker } from './remote-worker.ts';
import { type BoundListener, bindAll } from './sockets.ts';
import { makePacker, makeSharer } from './wire.ts';
import { type SlotContext, WorkerSlot } from './worker-slot.ts';

/**
 * How often workers are asked for their counts when nobody looks, so that a worker that dies takes few with it. Not more
 * often: with thousands of backends an answer takes milliseconds of the thread that carries traffic.
 */
const REPORT_EVERY_MS = 10_000;
/** A worker that leaves so many of these requests in a row unanswered hangs, and is killed. */
const HANGING = 3;

export interface SupervisorInput {
  /** The number of workers. */
  readonly count: number;
  readonly spawn: Spawn;
  /** What each worker is told of the options. */
  readonly options: object;
  readonly isTerminal: boolean;
  /** How long a worker that is replaced may finish its requests. */
  readonly graceMs: number;
  /** Is told what requests found out about a backend's health. */
  readonly onSignal: (signal: BackendSignal) => void;
  readonly log: Log;
  readonly clock: Clock;
}

/** Runs the data plane in worker processes: hands them snapshots, sums what they count, and replaces those that die. */
export class Supervisor implements DataPlaneHost, SlotContext, RemoteContext {
  readonly log: Log;
  readonly clock: Clock;
  readonly pack = makePacker();
  readonly onSignal: (signal: BackendSignal) => void;
  readonly #input: SupervisorInput;
  /** The options of workers that start from now on. */
  #options: object;
  #graceMs: number;
  readonly #slots: readonly WorkerSlot[];
  readonly #listening: BoundListener[] = [];
  readonly #share: ReturnType<typeof makeSharer>;
  #snapshot = EMPTY_SNAPSHOT;
  #keyring = EMPTY_KEYRING;
  /** The counts of workers that have ended. */
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
    this.#slots = Array.from({ length: input.count }, (_, i) => new WorkerSlot(i + 1, this));
  }

  async start(listeners: readonly Listener[]): Promise<Listener[]> {
    this.#listening.push(...(await bindAll(listeners, this.#slots.length)));
    this.#scheduleReports();
    try {
      await Promise.all(this.#slots.map((slot) => slot.start()));
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

  adoptKeyring(keyring: Keyring): void {
    this.#keyring = keyring;
    for (const worker of this.#workers()) worker.adoptKeyring(keyring);
  }

  adopt(options: object, graceMs: number): void {
    this.#options = options;
    this.#graceMs = graceMs;
    for (const worker of this.#workers()) worker.adopt(options);
  }

  isServing(version: number): boolean {
    if (this.#isStopping || !this.#slots.some((slot) => slot.isServing)) return false;
    return this.#slots.every((slot) => slot.follows(version));
  }

  async refresh(): Promise<void> {
    await Promise.all(this.#workers().map((worker) => worker.refresh()));
  }

  stats(): TrafficStats {
    const parts = [this.#gone, ...this.#workers().map(({ stats }) => stats)];
    // Each of many metrics asks for the sum, so it is kept until a report is another object.
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

  slots(): SlotStatus[] {
    return this.#slots.map((slot) => slot.status());
  }

  alarms(): string[] {
    return this.#slots.flatMap((slot, i) =>
      slot.alarm === undefined ? [] : `worker ${i + 1} ${slot.alarm}`,
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
    for (const slot of this.#slots) slot.stop(graceMs);
    await Promise.all(workers.map((worker) => worker.closed));
  }

  kill(): void {
    this.#isStopping = true;
    this.#cancelReports();
    for (const { close } of this.#listening.splice(0)) close();
    for (const slot of this.#slots) slot.stop(0);
    for (const worker of this.#workers()) worker.kill();
  }

  // What slots and workers ask of it.

  spawn(worker: number): RemoteWorker {
    const { isTerminal } = this.#input;
    const process = this.#input.spawn(this.#listening.flatMap(descriptorsOf));
    const common = { isTerminal, options: this.#options, graceMs: this.#graceMs };
    const start = { ...common, worker, sockets: inherited(this.#listening) };
    return new RemoteWorker(process, start, { snapshot: this.#snapshot, keyring: this.#keyring }, this);
  }

  onGone(worker: RemoteWorker): void {
    this.#gone = onlyOf(sumStats([this.#gone, countersOf(worker.stats)]), this.#snapshot);
    this.#cover();
  }

  onReplaced(): void {
    this.#cover();
  }

  /** Has the sockets of each slot whose worker died served by another worker, which keeps them. */
  #cover(): void {
    if (this.#isStopping) return;
    const serving = this.#workers().filter(({ isServing }) => isServing);
    for (const [i, slot] of this.#slots.entries()) {
      if (!slot.isVacant || serving.some(({ covered }) => covered.has(i + 1))) continue;
      const [least] = serving.toSorted((a, b) => a.covered.size - b.covered.size);
      least?.cover(i + 1);
    }
  }

  #workers(): RemoteWorker[] {
    return this.#slots.flatMap((slot) => [...slot.workers]);
  }

  async #replaceAll(): Promise<void> {
    this.log.info(`replacing ${this.#slots.length} workers, one after the other`);
    for (const [i, slot] of this.#slots.entries()) {
      if (this.#isStopping) return;
      try {
        await slot.replace(this.#graceMs);
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
        // Counted, not timed: when everything stood still, as in a paused container, no worker has hung.
        if (worker.missed++ < HANGING) continue;
        this.log.error({ pid: worker.pid }, `a worker has not answered for ${HANGING * REPORT_EVERY_MS} ms`);
        worker.kill();
      }
      void this.refresh();
    });
  }
}

function descriptorsOf({ slots }: BoundListener): number[] {
  return slots.flat().map((socket) => socket.fd());
}

/** The numbers that these sockets have in a worker that inherits them, by slot. */
function inherited(listening: readonly BoundListener[]): InheritedSocket[][] {
  const sockets: InheritedSocket[][] = [];
  let fd = FIRST_FD;
  for (const { listener, slots } of listening) {
    for (const [slot, own] of slots.entries()) {
      sockets[slot] ??= [];
      for (const _ of own) sockets[slot].push({ listener, fd: fd++ });
    }
  }
  return sockets;
}

/** Drops the counts of services and backends that no longer exist: nobody asks for them, and containers come and go. */
function onlyOf(stats: TrafficStats, { services }: Snapshot): TrafficStats {
  const names = new Set(services.map(({ name }) => name));
  const ids = new Set(services.flatMap(({ backends }) => backends.map(({ id }) => id)));
  const only = <T>(all: Readonly<Record<string, T>>, wanted: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(all).filter(([key]) => wanted.has(key)));
  return { ...stats, services: only(stats.services, names), backends: only(stats.backends, ids) };
}
