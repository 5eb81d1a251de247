import type { Clock } from '../model/clock.ts';
import type { WorkerStatus } from '../model/data-plane.ts';
import { EMPTY_KEYRING, type Keyring } from '../model/keyring.ts';
import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { countRequests, NO_TRAFFIC, type TrafficStats } from '../model/stats.ts';
import { guarded } from '../telemetry/internal-errors.ts';
import type { Start, ToSupervisor } from './channel.ts';
import type { WorkerProcess } from './process.ts';
import { type packSnapshot, unpackStats } from './wire.ts';
import { packKeyring } from './wire-keyring.ts';

/** How long a report may take before the caller goes on with the counts that are known. */
const REPORT_MS = 500;

/** What all workers of a supervisor have in common. */
export interface RemoteContext {
  readonly clock: Clock;
  readonly pack: typeof packSnapshot;
  /** Is told what requests found out about a backend's health. */
  readonly onSignal: (signal: BackendSignal) => void;
}

/** What a worker begins with. */
export interface Known {
  readonly snapshot: Snapshot;
  readonly keyring: Keyring;
}

/** A worker process, as its supervisor sees it. */
export class RemoteWorker {
  readonly startedAt: number;
  /** Since when it takes connections, by `Clock.elapsed`. */
  servingSince: number | undefined;
  /** Resolves when it takes connections, rejects when it never will. */
  readonly ready: Promise<void>;
  /** Resolves when the process has ended, with the words for how. */
  readonly exited: Promise<string>;
  stats: TrafficStats = NO_TRAFFIC;
  /** How many requests for a report in a row it has not answered. */
  missed = 0;
  isDraining = false;
  /** Other slots whose connections it takes besides its own. */
  readonly covered = new Set<number>();
  readonly #slot: number;
  readonly #process: WorkerProcess;
  readonly #clock: Clock;
  #usage = { cpuSeconds: 0, memoryBytes: 0 };
  #version = -1;
  #sent: Snapshot;
  #keyring: Keyring;
  /** The newest snapshot, held back until the worker has applied the one before. */
  #next: Snapshot | undefined;
  #isApplying = true;
  #waiting: (() => void)[] = [];
  /** Why it could not begin, in its own words. */
  #failure: string | undefined;
  #settle: PromiseWithResolvers<void> = Promise.withResolvers();
  readonly #pack: typeof packSnapshot;
  readonly #onSignal: (signal: BackendSignal) => void;

  constructor(
    process: WorkerProcess,
    start: Omit<Start, 'kind' | keyof Known>,
    { snapshot, keyring }: Known,
    { clock, pack, onSignal }: RemoteContext,
  ) {
    this.#process = process;
    this.#slot = start.worker;
    this.#clock = clock;
    this.#pack = pack;
    this.#onSignal = onSignal;
    this.#sent = snapshot;
    this.#keyring = keyring;
    this.startedAt = clock.now();
    this.ready = this.#settle.promise;
    // Awaiting `ready` is optional, and a rejection that nobody awaits would end this process.
    this.ready.catch(() => {});
    this.exited = process.exited.then((how) => {
      const why = this.#failure ?? how;
      this.#settle.reject(new Error(this.#failure ?? `a worker ended at its start: ${how}`));
      this.#answerAll();
      return why;
    });
    process.channel.onMessage(guarded('channel', (message: ToSupervisor) => this.#onMessage(message)));
    void process.channel.send({
      kind: 'start',
      ...start,
      snapshot: pack(snapshot, EMPTY_SNAPSHOT),
      keyring: packKeyring(keyring, EMPTY_KEYRING),
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get isServing(): boolean {
    return this.servingSince !== undefined && !this.isDraining;
  }

  /** Resolves after the end of the process, once everything that it wrote was passed on. */
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

  adoptKeyring(keyring: Keyring): void {
    void this.#process.channel.send({ kind: 'keyring', keyring: packKeyring(keyring, this.#keyring) });
    this.#keyring = keyring;
  }

  adopt(options: object): void {
    void this.#process.channel.send({ kind: 'options', options });
  }

  /** Asks for its stats; resolves when they have arrived, or after half a second. */
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

  /** Makes it take the connections of another slot as well. */
  cover(slot: number): void {
    this.covered.add(slot);
    void this.#process.channel.send({ kind: 'cover', worker: slot });
  }

  /** Makes it take nothing new and end once its requests are finished, after `graceMs` at the latest. */
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
      worker: this.#slot,
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
