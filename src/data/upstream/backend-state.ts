import { type Backend, lastingId } from '../../model/backend.ts';
import type { BackendHealth, HealthFlag } from '../../model/health.ts';
import { type BackendStats, makeBackendStats } from '../../model/stats.ts';
import type { Weighted } from '../balance/balancer.ts';
import { hashText } from '../balance/hash.ts';
import { Latency } from '../balance/latency.ts';
import type { ProxyError } from '../errors.ts';
import type { Ejection } from './ejection.ts';
import type { PendingAttempt } from './pending.ts';
import { Silence } from './silence.ts';

/** For how long connections carry one exchange each to a backend that spoke unasked. */
const DISTRUST_MS = 60_000;

/** Within this time an application that stops closes all that it has, in milliseconds. */
const STOP_MS = 50;

/** A connection to a backend, as its pool sees it. */
export interface PooledConnection {
  readonly backend: BackendState;
  /** Where it waits for its next request: among its backend's, or among those of one client. */
  pool: PooledConnection[];
  /** Takes no further request: it closes once it has none. */
  retire(): void;
  /** Closes it now, and tells nobody. */
  destroy(): void;
  /** Closes it now. The exchange that it has, if any, ends with that error. */
  fail(error: ProxyError): void;
}

/** The mutable twin of a `Backend`: it outlives snapshots for as long as the backend's id does. */
export class BackendState implements Weighted {
  backend: Backend;
  /** What the latest snapshot says of it. */
  health: BackendHealth | undefined = undefined;
  #flags: readonly HealthFlag[] = [];
  /** Those that run on it. */
  readonly attempts = new Set<PendingAttempt>();
  turn = 0;
  /** What counts now: the backend's own weight, and less of it during a slow start. */
  weight: number;
  /** `Clock.elapsed` when it began to serve; undefined while it does not. A mere suspicion is no end of that. */
  servesSince: number | undefined = undefined;
  readonly seed: number;
  readonly latency = new Latency();
  /** Connections that wait for a request; the last one was used last. */
  readonly idle: PooledConnection[] = [];
  /** Every open connection, waiting or busy, and upgraded ones. */
  readonly open = new Set<PooledConnection>();
  readonly stats: BackendStats = makeBackendStats();
  /** Requests that failed on it without one that went well in between. */
  failuresInRow = 0;
  /** Answers with which it asked for a rest, each for another path than the one before, and none went well in between. */
  restsAsked = 0;
  restAskedFor = '';
  /** It was ejected, and no request has gone well since. */
  isOnProbation = false;
  /** Failed requests took it out; the Ejector's to change. */
  ejection: Ejection | undefined = undefined;
  readonly silence = new Silence();
  /** When a connection that waited was last found closed, in the sweep's milliseconds. */
  staleAt = Number.NEGATIVE_INFINITY;
  /** `performance.now()` when it last ended a connection that waited. */
  #endedAt = Number.NEGATIVE_INFINITY;
  /** From when on its connections may carry one exchange after the other, in the sweep's milliseconds. */
  trustedFrom = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend) {
    this.backend = backend;
    this.weight = backend.weight;
    this.seed = hashText(lastingId(backend.id));
  }

  /** Requests that it has now. */
  get inFlight(): number {
    return this.attempts.size;
  }

  /** Nothing speaks against it but, perhaps, a suspicion: it stays warm, and keeps its clients. */
  get isWell(): boolean {
    return this.#flags.length === 0 && (this.ejection === undefined || this.ejection.isSuspicion);
  }

  /** The one place that says whether it takes a new request. */
  get isAvailable(): boolean {
    return this.#flags.length === 0 && this.ejection === undefined && this.backend.weight > 0;
  }

  /** It may get another request besides those that it has. */
  get hasRoom(): boolean {
    const { maxConnections } = this.backend;
    return maxConnections === undefined || this.inFlight < maxConnections;
  }

  /** Takes the backend's newest form; one that moved keeps no connection to where it was. */
  update(backend: Backend): void {
    const { host, port } = this.backend.address;
    if (backend.address.host !== host || backend.address.port !== port) this.#retireAll();
    this.backend = backend;
    this.weight = backend.weight;
  }

  /** What speaks against it besides requests that failed. */
  get flags(): readonly HealthFlag[] {
    return this.#flags;
  }

  /** True when they are others than before. One that is out keeps no connection longer than its request. */
  setFlags(all: readonly HealthFlag[]): boolean {
    // Ejection is decided where requests fail: what the snapshot says of it is for people.
    const flags = all.includes('Ejected') ? all.filter((flag) => flag !== 'Ejected') : all;
    if (flags.join() === this.#flags.join()) return false;
    this.#flags = flags;
    if (flags.length > 0) this.#retireAll();
    return true;
  }

  /** A connection that waited had been closed. */
  foundStale(now: number): void {
    this.staleAt = now;
  }

  /** It has ended a connection that waited. */
  endedWaiting(now: number): void {
    this.#endedAt = now;
  }

  /** It has just ended all connections that waited: only an application that stops does that. */
  hasStopped(now: number): boolean {
    return this.idle.length === 0 && now - this.#endedAt < STOP_MS;
  }

  /**
   * It sent what nobody asked for. Where that comes a moment later, the next request is under way on the same connection, and
   * takes it for its answer: so none is used again for a while, nor is one that waits.
   */
  spokeUnasked(now: number): void {
    this.trustedFrom = now + DISTRUST_MS;
    this.countFailure('unasked');
    this.#retireAll();
  }

  /** A request that goes well on it would be news. */
  get isDoubted(): boolean {
    return this.failuresInRow > 0 || this.isOnProbation;
  }

  /** A request went well on it. */
  wentWell(): void {
    this.failuresInRow = 0;
    this.isOnProbation = false;
  }

  countFailure(code: string): void {
    this.stats.failures[code] = (this.stats.failures[code] ?? 0) + 1;
  }

  /** Closes every connection: what runs on them ends with that error. */
  closeAll(error: ProxyError): void {
    for (const connection of [...this.open]) connection.fail(error);
  }

  #retireAll(): void {
    for (const connection of [...this.open]) connection.retire();
  }
}
