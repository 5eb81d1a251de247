import type { ListenerStats, TrafficStats } from '../../model/stats.ts';
import { ProxyError } from '../errors.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { Client } from './client.ts';
import type { ClientLimit } from './client-limit.ts';
import { Overflow } from './overflow.ts';
import { Places } from './places.ts';
import { Shares } from './shares.ts';

/** How long a client is idle before it rests, and how often such clients are looked for. */
const REST_MS = 500;

const FULL = new ProxyError('overloaded', 'all connections are in use');
const TOO_MANY = new ProxyError('too-many-connections', 'too many connections from this address');

/** The figures about clients. */
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
 * All clients that are connected. When there are too many, those that ask are served, and those that never asked make room for
 * them.
 */
export class Admission implements Expiring {
  /** Each turn of the sweep while somebody waits for a place; else the time to look for clients that may rest. */
  deadline: number;
  /** The process is stopping: each client is closed after what it is doing. */
  isStopping = false;
  /** How many clients have connected, by the name of their listener. */
  readonly #connected = new Map<string, number>();
  #refusedFull = 0;
  #refusedPerClient = 0;
  /** Of all clients together; 0 is no limit. */
  most: number;
  #limit: ClientLimit;
  readonly #sweep: Sweep;
  readonly #shares: Shares<Client>;
  readonly #places: Places;
  readonly #overflow: Overflow;
  #nextRest: number;
  #onEmpty: (() => void) | undefined = undefined;

  /** @param most clients altogether; 0 is no limit */
  constructor(most: number, limit: ClientLimit, sweep: Sweep) {
    this.most = most;
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
   * Takes other limits. Clients beyond them stay, and are counted. The deadlines of idle clients move with the idle timeout.
   * @param moreIdleMs by how much the idle timeout is longer now
   */
  adopt(most: number, limit: ClientLimit, moreIdleMs: number): void {
    this.most = most;
    this.#limit = limit;
    this.#shares.most = limit.most;
    for (const client of this) if (client.idleSince !== Number.POSITIVE_INFINITY) client.prolong(moreIdleMs);
  }

  /** How many clients have a place. */
  get size(): number {
    return this.#places.size;
  }

  get isEmpty(): boolean {
    return this.size === 0 && this.#overflow.isEmpty;
  }

  /** The figures about clients, as of now. */
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
    // Its handshake had begun before.
    if (this.isStopping) client.stop();
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

  /** A client asks for the first time. False when there is no place for it; it is then told so. */
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

  /** Closes idle clients so that one that asks can be served. Returns how many were closed. */
  makeRoom(): number {
    return this.#places.makeRoomToServe();
  }

  /** Lets each client finish what it is doing. */
  stop(): void {
    this.isStopping = true;
    for (const client of this) client.stop();
  }

  /** Calls a function when the last client is gone; at once if there is none. */
  whenEmpty(run: () => void): void {
    this.#onEmpty = run;
    if (this.isEmpty) run();
  }

  /** Refuses clients that have waited for long enough, and lets clients rest that have been idle for a while. */
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
    return this.most > 0 && this.size >= this.most;
  }

  /** There is no place for a client: it waits until one becomes free, or until it asks. */
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

  /** Forgets a client. True if it had a place, or waited for one. */
  #forget(client: Client): boolean {
    const isKnown = this.#places.delete(client) || this.#overflow.delete(client);
    if (isKnown) this.#shares.delete(client);
    return isKnown;
  }
}
