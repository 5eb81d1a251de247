import type { Clock } from '../model/clock.ts';
import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { countRequests, NO_TRAFFIC, type TrafficStats } from '../model/stats.ts';
import type { WorkerStatus } from '../model/traffic.ts';
import { guarded } from '../telemetry/internal-errors.ts';
import type { Start, ToSupervisor } from './channel.ts';
import type { WorkerProcess } from './process.ts';
import { type packSnapshot, unpackStats } from './wire.ts';

/** How long an answer may take before what is known must do. */
const REPORT_MS = 500;

/** What all workers of a supervisor have in common. */
export interface RemoteContext {
  readonly clock: Clock;
  readonly pack: typeof packSnapshot;
  /** Hears what requests tell of a backend's health. */
  readonly onSignal: (signal: BackendSignal) => void;
}

/** One worker process, as its supervisor sees it. */
export class RemoteWorker {
  readonly startedAt: number;
  /** Since when it does what it is for; `Clock.elapsed`. */
  servingSince: number | undefined;
  /** Resolves when it takes connections, rejects when it never will. */
  readonly ready: Promise<void>;
  /** Resolves when it is gone, with the words for how. */
  readonly exited: Promise<string>;
  stats: TrafficStats = NO_TRAFFIC;
  /** Questions in a row that it has not answered. */
  missed = 0;
  isDraining = false;
  /** Places whose connections it takes besides those of its own. */
  readonly covered = new Set<number>();
  readonly #place: number;
  readonly #process: WorkerProcess;
  readonly #clock: Clock;
  #usage = { cpuSeconds: 0, memoryBytes: 0 };
  #version = -1;
  #sent: Snapshot;
  /** The newest snapshot that waits until the worker is done with the one before. */
  #next: Snapshot | undefined;
  #isApplying = true;
  #waiting: (() => void)[] = [];
  /** Why it could not begin. */
  #failure: string | undefined;
  #settle: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #pack: typeof packSnapshot;
  readonly #onSignal: (signal: BackendSignal) => void;

  constructor(
    process: WorkerProcess,
    start: Omit<Start, 'kind' | 'snapshot'>,
    snapshot: Snapshot,
    { clock, pack, onSignal }: RemoteContext,
  ) {
    this.#process = process;
    this.#place = start.worker;
    this.#clock = clock;
    this.#pack = pack;
    this.#onSignal = onSignal;
    this.#sent = snapshot;
    this.startedAt = clock.now();
    this.ready = this.#settle.promise;
    // Whoever waits for it hears of it; nobody has to.
    this.ready.catch(() => {});
    this.exited = process.exited.then((how) => {
      const why = this.#failure ?? how;
      this.#settle.reject(new Error(this.#failure ?? `a worker ended at its start: ${how}`));
      this.#answerAll();
      return why;
    });
    process.channel.onMessage(guarded('channel', (message: ToSupervisor) => this.#onMessage(message)));
    void process.channel.send({ kind: 'start', ...start, snapshot: pack(snapshot, EMPTY_SNAPSHOT) });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isServing(): boolean {
    return this.servingSince !== undefined && !this.isDraining;
  }

  /** Resolves when all that it wrote was taken, after its end. */
  get closed(): Promise<void> {
    return this.#process.closed;
  }

  follows(version: number): boolean {
    return this.#version >= version;
  }

  apply(snapshot: Snapshot): void {
    if (this.#isApplying) this.#next = snapshot;
    else this.#send(snapshot);
  }

  adopt(options: object): void {
    void this.#process.channel.send({ kind: 'options', options });
  }

  /** Asks for its stats; resolves when they are here, or when it takes too long. */
  refresh(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(REPORT_MS, resolve);
      this.#waiting.push(() => {
        cancel();
        resolve();
      });
      void this.#process.channel.send({ kind: 'report' });
    });
  }

  /** Takes the connections of another place, too. */
  cover(place: number): void {
    this.covered.add(place);
    void this.#process.channel.send({ kind: 'cover', worker: place });
  }

  /** Lets it finish what runs, and ends it when it does not end by itself. */
  stop(graceMs: number): void {
    this.isDraining = true;
    void this.#process.channel.send({ kind: 'stop', graceMs });
  }

  kill(): void {
    this.#process.kill();
  }

  status(): WorkerStatus {
    const state = this.isDraining ? 'draining' : this.isServing ? 'serving' : 'starting';
    return {
      worker: this.#place,
      pid: this.pid,
      state,
      startedAt: this.startedAt,
      version: Math.max(0, this.#version),
      connections: this.stats.clientConnections,
      requests: countRequests(this.stats),
      ...this.#usage,
    };
  }

  #onMessage(message: ToSupervisor): void {
    this.missed = 0;
    switch (message.kind) {
      case 'serving':
        this.servingSince = this.#clock.elapsed();
        return this.#settle.resolve();
      case 'failed':
        this.#failure = message.message;
        return;
      case 'applied':
        return this.#onApplied(message.version);
      case 'signal':
        return this.#onSignal(message.signal);
      case 'report':
        this.stats = unpackStats(message.stats);
        this.#usage = message.usage;
        return this.#waiting.shift()?.();
    }
  }

  #onApplied(version: number): void {
    this.#version = version;
    this.#isApplying = false;
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined) this.#send(next);
  }

  #send(snapshot: Snapshot): void {
    this.#isApplying = true;
    void this.#process.channel.send({ kind: 'snapshot', snapshot: this.#pack(snapshot, this.#sent) });
    this.#sent = snapshot;
  }

  #answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}
