import type { Address } from './address.ts';
import type { Keyring } from './keyring.ts';
import type { Listener } from './listener.ts';
import type { Snapshot } from './snapshot.ts';
import type { TrafficStats } from './stats.ts';

/** A socket that is bound to the address of a listener already. */
export interface BoundTo {
  /** Its file descriptor, when it was inherited. */
  readonly fd?: number;
  /** Or the socket itself (a `net.BoundSocket`), which `listen` takes over. */
  readonly socket?: object;
}

/** The data plane of one process: carries requests by the latest snapshot. */
export interface Plane {
  apply(snapshot: Snapshot): void;
  /** Shows clients what is in another keyring, from their next handshake on. */
  adoptKeyring(keyring: Keyring): void;
  /** Takes connections; resolves with the address that is listened on. Rejects with a sentence for people. */
  listen(listener: Listener, bound?: BoundTo): Promise<Address>;
  stats(): TrafficStats;
  /** Changes the options; what runs goes on undisturbed. */
  adopt(options: object): void;
  /** Takes nothing new and lets requests finish, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What is known of one process that carries requests. */
export interface WorkerStatus {
  /** The number of its slot, from 1; its successor has the same. */
  readonly worker: number;
  readonly pid: number;
  /** A draining worker has been replaced and finishes its requests. */
  readonly state: 'starting' | 'serving' | 'draining';
  /** When it was started, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The version of the snapshot that it follows. */
  readonly version: number;
  readonly connections: number;
  /** Requests finished since it started. */
  readonly requests: number;
  /** Processor time of all its threads, in its own code and in the kernel. */
  readonly cpuSeconds: number;
  /** Resident memory, in bytes. */
  readonly memoryBytes: number;
}

/** What is known of a slot, which has one worker after another. */
export interface SlotStatus {
  /** The number of the slot, from 1. */
  readonly worker: number;
  /** Finished requests of all its workers so far. */
  readonly requests: number;
  /** Processor time of all its workers so far. */
  readonly cpuSeconds: number;
  /** How often its worker died and was replaced. */
  readonly restarts: number;
}

/** Runs the data plane, in this process or in workers: whoever hands it snapshots need not know where. */
export interface DataPlaneHost {
  /**
   * Takes connections; resolves with the listeners and their real ports. Rejects with a sentence for people when one of
   * the listeners cannot be bound to its address, and then none is.
   */
  start(listeners: readonly Listener[]): Promise<Listener[]>;
  apply(snapshot: Snapshot): void;
  /** Passes on what TLS goes by; what was passed on before the start is there before the first connection. */
  adoptKeyring(keyring: Keyring): void;
  /**
   * Changes the options; what runs goes on undisturbed.
   * @param graceMs how long a worker that is replaced may finish its requests
   */
  adopt(options: object, graceMs: number): void;
  /** Whether connections are taken, and served by a snapshot that is at least that new. */
  isServing(version: number): boolean;
  /** Brings the counts that the methods below tell up to date. */
  refresh(): Promise<void>;
  stats(): TrafficStats;
  /** The processes that carry requests, including those that drain. */
  workers(): readonly WorkerStatus[];
  slots(): readonly SlotStatus[];
  /** Sentences about what a person should look at. */
  alarms(): readonly string[];
  /** Replaces the workers, one after the other, without losing a request. */
  reload(): Promise<void>;
  /** Takes nothing new and lets requests finish, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** Ends everything at once, including the requests that run. */
  kill(): void;
}
