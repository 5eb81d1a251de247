import type { ListenerStats, TrafficStats } from '../../model/stats.ts';
import { ProxyError } from '../errors.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { Client } from './client.ts';
import type { ClientLimit } from './client-limit.ts';
import { Overflow } from './overflow.ts';
import { Places } from './places.ts';
import { Shares } from './shares.ts';

/** How long a client has to be idle to rest, and how often those are looked for. */
const REST_MS = 500;

const FULL = new ProxyError('overloaded', 'all connections are in use');
const TOO_MANY = new ProxyError('too-many-connections', 'too many connections from this address');

/** What is told of clients. */
export type ClientStats = Pick<
  TrafficStats,
  | 'clientConnections'
  | 'clientConnectionsTotal'
  | 'listeners'
  | 'clientsRefusedFull'
  | 'clientsRefusedPerClient'
  | 'clientsClosedIdle'
  | 'upgrades'
>;

/**
 * All clients that are connected. When there are too many, those that ask are served, and those that never asked make
 * room for them.
 */
export class Admission implements Expiring {
  /** While somebody waits, each turn of the sweep; else when it is time to look for those that may rest. */
  deadline: number;
  /** The process is stopping: a client ends with what it does. */
  isStopping = false;
  /** How many have connected, by the names of listeners. */
  readonly #connected = new Map<string, number>();
  #refusedFull = 0;
  #refusedPerClient = 0;
  #most: number;
  #limit: ClientLimit;
  readonly #sweep: Sweep;
  readonly #shares: Shares<Client>;
  readonly #places: Places;
  readonly #overflow: Overflow;
  #nextRest: number;
  #onEmpty: (() => void) | undefined = undefined;

  /** @param most of all clients together; 0 is no limit */
  constructor(most: number, limit: ClientLimit, sweep: Sweep) {
    this.#most = most;
    this.#limit = limit;
    this.#sweep = sweep;
    this.#shares = new Shares(limit.most);
    this.#places = new Places(sweep, (client) => this.#forget(client));
    this.#overflow = new Overflow(sweep);
    this.#nextRest = sweep.now + REST_MS;
    this.deadline = this.#nextRest;
    sweep.add(this);
  }

  /**
   * Goes by other limits: who is beyond them stays, and is counted. Who is idle has been so by the time that
   * there was before, and has to end by the one that there is.
   * @param moreIdleMs by how much that time is longer
   */
  adopt(most: number, limit: ClientLimit, moreIdleMs: number): void {
    this.#most = most;
    this.#limit = limit;
    this.#shares.most = limit.most;
    for (const client of this) if (client.idleSince !== Number.POSITIVE_INFINITY) client.prolong(moreIdleMs);
  }

  /** Those that have a place. */
  get size(): number {
    return this.#places.size;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#overflow.isEmpty;
  }

  /** What is told of them to whoever asks. */
  stats(): ClientStats {
    const listeners: Record<string, ListenerStats> = {};
    let connectionsTotal = 0;
    for (const [name, total] of this.#connected) {
      listeners[name] = { connections: 0, connectionsTotal: total };
      connectionsTotal += total;
    }
    let upgrades = 0;
    for (const { listener, isUpgraded } of this.#places) {
      if (isUpgraded) upgrades++;
      const stats = listeners[listener.name];
      if (stats !== undefined) stats.connections++;
    }
    return {
      clientConnections: this.size,
      clientConnectionsTotal: connectionsTotal,
      listeners,
      clientsRefusedFull: this.#refusedFull,
      clientsRefusedPerClient: this.#refusedPerClient,
      clientsClosedIdle: this.#places.closedIdle,
      upgrades,
    };
  }

  *[Symbol.iterator](): Iterator<Client> {
    yield* this.#places;
    yield* this.#overflow;
  }

  /** A client has connected: it gets a place, waits for one, or is refused. */
  add(client: Client): void {
    const { name } = client.listener;
    this.#connected.set(name, (this.#connected.get(name) ?? 0) + 1);
    const address = this.#limit.clientAt(client.peer);
    const share = this.#shares.fullOf(address);
    if (share !== undefined && this.#places.makeRoomIn(share) === 0) {
      this.#refusedPerClient++;
      return this.#overflow.refuseOfShare(client, TOO_MANY);
    }
    if (this.#isFull && this.#places.makeRoom() === 0) return this.#wait(client, address);
    this.#places.add(client);
    this.#shares.add(address, client);
  }

  /** A client asks for the first time: false when there is no place for it, and it was told so. */
  admit(client: Client): boolean {
    if (this.#overflow.isWaiting(client)) {
      if (this.#isFull && this.makeRoom() === 0) {
        this.#refuseFull(client);
        return false;
      }
      this.#overflow.delete(client);
    }
    this.#places.asks(client);
    return true;
  }

  /** A client is gone. */
  delete(client: Client): void {
    if (this.#forget(client) && !this.#isFull) {
      const next = this.#overflow.next();
      if (next !== undefined) this.#places.add(next);
    }
    if (this.#onEmpty !== undefined && this.isEmpty) this.#onEmpty();
  }

  /** Closes idle clients for somebody who asks; answers how many. */
  makeRoom(): number {
    return this.#places.makeRoomToServe();
  }

  /** Lets each client finish what it is doing. */
  stop(): void {
    this.isStopping = true;
    for (const client of this) client.stop();
  }

  /** Tells when the last client is gone; at once if there is none. */
  whenEmpty(run: () => void): void {
    this.#onEmpty = run;
    if (this.isEmpty) run();
  }

  /** Some may have waited for long enough, others been idle for so long that they rest. */
  expire(): void {
    const { now } = this.#sweep;
    if (this.#nextRest <= now) {
      this.#nextRest = now + REST_MS;
      this.#places.rest(REST_MS);
    }
    for (const client of this.#overflow.late()) this.#refuseFull(client);
    this.#schedule();
  }

  get #isFull(): boolean {
    return this.#most > 0 && this.size >= this.#most;
  }

  /** There is no place: one may become free, and who asks gets one. */
  #wait(client: Client, address: string): void {
    if (this.#overflow.isFull) {
      this.#refusedFull++;
      const { longest } = this.#overflow;
      if (longest === undefined) return client.reset();
      this.#forget(longest);
      longest.reset();
    }
    this.#overflow.wait(client);
    this.#shares.add(address, client);
    this.#schedule();
  }

  #schedule(): void {
    this.deadline = this.#overflow.hasWaiting ? this.#sweep.now : this.#nextRest;
  }

  #refuseFull(client: Client): void {
    this.#forget(client);
    this.#refusedFull++;
    this.#overflow.refuse(client, FULL);
  }

  /** True when it had, or waited for, a place. */
  #forget(client: Client): boolean {
    const isKnown = this.#places.delete(client) || this.#overflow.delete(client);
    if (isKnown) this.#shares.delete(client);
    return isKnown;
  }
}
