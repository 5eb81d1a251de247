import { type Backend, lastingId } from '../../model/backend.ts';
import type { BackendHealth, HealthFlag } from '../../model/health.ts';
import { type BackendStats, makeBackendStats } from '../../model/stats.ts';
import type { Weighted } from '../balance/balancer.ts';
import { hashText } from '../balance/hash.ts';
import { Latency } from '../balance/latency.ts';
import type { ProxyError } from '../errors.ts';
import { Attempts } from './attempts.ts';
import type { Ejection } from './ejection.ts';
import { Silence } from './silence.ts';

/** For how long each connection to a backend that spoke unasked carries one exchange only. */
const DISTRUST_MS = 60_000;

/** Within this time, in milliseconds, an application that stops closes all its connections. */
const STOP_MS = 50;

/** A connection to a backend, as its pool sees it. */
export interface PooledConnection {
  readonly backend: BackendState;
  /** Where it is kept while idle: in the pool of its backend, or with a client's own connections. */
  pool: PooledConnection[];
  /** Makes it take no further request, and close once it has none. */
  retire(): void;
  /** Closes it at once and reports nothing. */
  destroy(): void;
  /** Closes it at once. If it has an exchange, that ends with this error. */
  fail(error: ProxyError): void;
}

/** The mutable twin of a `Backend`, which lives as long as the id of the backend is in the snapshots. */
export class BackendState implements Weighted {
  backend: Backend;
  /** What the latest snapshot says of the backend. */
  health: BackendHealth | undefined = undefined;
  #flags: readonly HealthFlag[] = [];
  /** The attempts that run on the backend. */
  readonly attempts = new Attempts();
  turn = 0;
  /** The weight that counts now: the backend's own, and less during a slow start. */
  weight: number;
  /** When the backend began to serve, by `Clock.elapsed`; undefined while it does not. A suspicion does not interrupt that. */
  servesSince: number | undefined = undefined;
  readonly seed: number;
  readonly latency = new Latency();
  /** Idle connections; the last one was used last. */
  readonly idle: PooledConnection[] = [];
  /** All open connections: idle, busy and upgraded. */
  readonly open = new Set<PooledConnection>();
  readonly stats: BackendStats = makeBackendStats();
  /** How many requests failed in a row. */
  failuresInRow = 0;
  /** How many responses in a row asked for a rest, each for another path than the one before. */
  restsAsked = 0;
  /** The path of the last one. */
  restAskedFor = '';
  /** Whether no request has gone well since an ejection. */
  isOnProbation = false;
  /** Set while requests keep the backend out. Only the Ejector changes it. */
  ejection: Ejection | undefined = undefined;
  readonly silence = new Silence();
  /** When an idle connection was last found closed, in the sweep's milliseconds. */
  staleAt = Number.NEGATIVE_INFINITY;
  /** When the backend last ended an idle connection, by `performance.now`. */
  #endedAt = Number.NEGATIVE_INFINITY;
  /** From when on connections may be used again, in the sweep's milliseconds. */
  trustedFrom = Number.NEGATIVE_INFINITY;

  constructor(backend: Backend) {
    this.backend = backend;
    this.weight = backend.weight;
    this.seed = hashText(lastingId(backend.id));
  }

  /** How many requests the backend has now. */
  get inFlight(): number {
    return this.attempts.size;
  }

  /**
   * Whether at most a suspicion or a trial keeps it from new requests. That passes soon, so its slow start is not begun
   * anew, and clients that belong to it wait for it.
   */
  get isUpOrSuspected(): boolean {
    return this.#flags.length === 0 && this.ejection?.state !== 'ejected';
  }

  /** Whether it takes new requests. The data plane asks this here and nowhere else. */
  get isAvailable(): boolean {
    return this.#flags.length === 0 && this.ejection === undefined && this.backend.weight > 0;
  }

  /** Whether its limit allows another request. */
  get hasRoom(): boolean {
    const { maxConnections } = this.backend;
    return maxConnections === undefined || this.inFlight < maxConnections;
  }

  /** Takes the backend of a new snapshot. If its address changed, connections to the old one take no further requests. */
  update(backend: Backend): void {
    const { host, port } = this.backend.address;
    if (backend.address.host !== host || backend.address.port !== port) this.#retireAll();
    this.backend = backend;
    this.weight = backend.weight;
  }

  /** The flags that the control plane set: all but `Ejected`. */
  get flags(): readonly HealthFlag[] {
    return this.#flags;
  }

  /** Sets the flags; returns whether they changed. With any flag, connections are closed once they have no request. */
  setFlags(all: readonly HealthFlag[]): boolean {
    // `Ejected` in a snapshot is for people: this process decides its ejections by itself.
    const flags = all.includes('Ejected') ? all.filter((flag) => flag !== 'Ejected') : all;
    if (flags.join() === this.#flags.join()) return false;
    this.#flags = flags;
    if (flags.length > 0) this.#retireAll();
    return true;
  }

  /** An idle connection turned out to be closed. */
  foundStale(now: number): void {
    this.staleAt = now;
  }

  /** The backend ended an idle connection. */
  endedIdle(now: number): void {
    this.#endedAt = now;
  }

  /** Whether it has just ended all its idle connections, which only an application does that stops. */
  hasStopped(now: number): boolean {
    return this.idle.length === 0 && now - this.#endedAt < STOP_MS;
  }

  /**
   * The backend sent what nobody asked for. Had it come a moment later, with the next request under way on the connection, it
   * would be taken for the response. So no connection is used twice for a while, and idle ones are closed.
   */
  spokeUnasked(now: number): void {
    this.trustedFrom = now + DISTRUST_MS;
    this.countFailure('unasked');
    this.#retireAll();
  }

  /** Whether something is held against it that the next success will clear. */
  get isDoubted(): boolean {
    return this.failuresInRow > 0 || this.isOnProbation;
  }

  /** A request went well. */
  wentWell(): void {
    this.failuresInRow = 0;
    this.isOnProbation = false;
  }

  countFailure(code: string): void {
    this.stats.failures[code] = (this.stats.failures[code] ?? 0) + 1;
  }

  /** Closes all connections; their exchanges end with this error. */
  closeAll(error: ProxyError): void {
    for (const connection of [...this.open]) connection.fail(error);
  }

  #retireAll(): void {
    for (const connection of [...this.open]) connection.retire();
  }
}
