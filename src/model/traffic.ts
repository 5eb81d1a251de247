import type { Address } from './address.ts';
import type { Listener } from './listener.ts';
import type { Snapshot } from './snapshot.ts';
import type { TrafficStats } from './stats.ts';

/** What is bound to the address of a listener already. */
export interface BoundTo {
  /** The file descriptor of a socket, when it was inherited. */
  readonly fd?: number;
  /** Or the socket itself (`net.BoundSocket`), which whoever listens closes. */
  readonly socket?: object;
}

/** Carries requests in this process, by the latest snapshot. */
export interface Plane {
  apply(snapshot: Snapshot): void;
  /** Takes connections; answers with the port that was given. Rejects with a sentence for people. */
  listen(listener: Listener, bound?: BoundTo): Promise<Address>;
  stats(): TrafficStats;
  /** Goes by other options from now on; nothing that runs is cut for it. */
  adopt(options: object): void;
  /** Takes nothing new and lets what runs finish, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What is known of one process that carries requests. */
export interface WorkerStatus {
  /** Its place, from 1; whoever replaces it has the same. */
  readonly worker: number;
  readonly pid: number;
  /** A draining one has been replaced and finishes what it has. */
  readonly state: 'starting' | 'serving' | 'draining';
  /** In milliseconds since the epoch. */
  readonly startedAt: number;
  /** Version of the snapshot that it follows. */
  readonly version: number;
  readonly connections: number;
  /** Since it started. */
  readonly requests: number;
  /** Of all its threads, in its own code and in the kernel. */
  readonly cpuSeconds: number;
  /** Resident memory. */
  readonly memoryBytes: number;
}

/** A place for a worker, and what its workers have done so far. */
export interface WorkerPlace {
  readonly worker: number;
  /** Finished requests of all workers that were here. */
  readonly requests: number;
  readonly cpuSeconds: number;
  /** How often a worker died here and was replaced. */
  readonly restarts: number;
}

/** Carries requests, in this process or in workers: whoever hands out snapshots need not know. */
export interface Traffic {
  /**
   * Takes connections; answers with the ports that were given. Rejects with a sentence for people when one of the
   * listeners cannot be bound to its address, and then none is.
   */
  start(listeners: readonly Listener[]): Promise<Listener[]>;
  apply(snapshot: Snapshot): void;
  /**
   * Goes by other options from now on; nothing that runs is cut for it.
   * @param graceMs how long one that is replaced may finish what it has
   */
  adopt(options: object, graceMs: number): void;
  /** Takes connections, and follows a snapshot that is at least that new. */
  isServing(version: number): boolean;
  /** Brings what is told below up to date. */
  refresh(): Promise<void>;
  stats(): TrafficStats;
  /** The processes that are there, those that drain among them. */
  workers(): readonly WorkerStatus[];
  places(): readonly WorkerPlace[];
  /** What a person should look at, a sentence each. */
  alarms(): readonly string[];
  /** Replaces the workers, one after the other, without losing a request. */
  reload(): Promise<void>;
  /** Takes nothing new and lets what runs finish, for at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
  /** Ends everything at once. */
  kill(): void;
}
