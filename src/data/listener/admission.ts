import { ProxyError } from '../errors.ts';
import type { ClientConnection } from '../http1/client-connection.ts';
import type { Settings } from '../settings.ts';
import type { Expiring, Sweep } from '../sweep.ts';
import type { ClientLimit } from './client-limit.ts';
import { type Share, Shares } from './shares.ts';

/** A connection that never asked anything is closed for a newcomer after so long: its first request may be under way. */
const MIN_SILENT_MS = 1_000;
/** One that did ask after so long, and only when all of the others are gone: its next request may be under way. */
const MIN_IDLE_MS = 5_000;
/** Of all connections, the share that is closed at once when room is needed, so that it is needed seldom. */
const ROOM_SHARE = 1 / 16;
/** A fruitless search for idle connections is not repeated before: a flood must not make every accept a walk. */
const SEARCH_MS = 100;
/** Clients beyond the limit, at the same time: they wait for a place, or are told why they get none. */
const MAX_BEYOND = 32;
/** Of these, the most that have their share already: they leave room for those of whom this is not said. */
const MAX_REFUSED_OF_CLIENTS = 16;
/** How long a client waits for a place without asking for anything. */
const WAIT_MS = 2_000;
/** How long a connection has to be idle to rest, and how often those are looked for. */
const REST_MS = 500;

const FULL = new ProxyError('overloaded', 'all connections are in use');
const TOO_MANY = new ProxyError('too-many-connections', 'too many connections from this address');

/**
 * The open connections of clients. When there are too many, those that ask are served, and those that never asked make
 * room for them.
 */
export class Admission implements Expiring {
  /** While somebody waits, each turn of the sweep; else when it is time to look for those that may rest. */
  deadline: number;
  readonly counts = {
    clientConnectionsTotal: 0,
    clientsRefusedFull: 0,
    clientsRefusedPerClient: 0,
    clientsClosedIdle: 0,
  };
  #most: number;
  #limit: ClientLimit;
  readonly #sweep: Sweep;
  readonly #shares: Shares<ClientConnection>;
  /** Have a place, and have not asked yet; the first has been there for longest. */
  readonly #silent = new Set<ClientConnection>();
  /** Have a place, and have asked. */
  readonly #asked = new Set<ClientConnection>();
  /** Have no place, and have not asked yet; since when. The first has waited for longest. */
  readonly #waiting = new Map<ClientConnection, number>();
  readonly #refusing = new Set<ClientConnection>();
  #nextRest: number;
  #nextSearch = 0;
  #nextSearchToServe = 0;

  /** @param most of all clients together; 0 is no limit */
  constructor(most: number, limit: ClientLimit, sweep: Sweep) {
    this.#most = most;
    this.#limit = limit;
    this.#sweep = sweep;
    this.#shares = new Shares(limit.most);
    this.#nextRest = sweep.now + REST_MS;
    this.deadline = this.#nextRest;
    sweep.add(this);
  }

  /**
   * Goes by other limits: who is beyond them stays, and is counted. Who is idle has been so by the time that
   * there was before, and has to end by the one that there is.
   */
  adopt(most: number, settings: Settings, before: Settings): void {
    this.#most = most;
    this.#limit = settings.clientLimit;
    this.#shares.most = settings.clientLimit.most;
    const moreMs = settings.idleTimeout - before.idleTimeout;
    for (const connection of this)
      if (connection.idleSince !== Number.POSITIVE_INFINITY) connection.deadline += moreMs;
  }

  /** Those that have a place. */
  get size(): number {
    return this.#silent.size + this.#asked.size;
  }

  get isEmpty(): boolean {
    return this.size + this.#waiting.size + this.#refusing.size === 0;
  }

  *[Symbol.iterator](): Iterator<ClientConnection> {
    for (const some of [this.#silent, this.#asked, this.#waiting, this.#refusing]) yield* some.keys();
  }

  /** A client has connected: it gets a place, waits for one, or is refused. */
  add(connection: ClientConnection): void {
    this.counts.clientConnectionsTotal++;
    const client = this.#limit.clientAt(connection.peer);
    const share = this.#shares.fullOf(client);
    if (share !== undefined && this.#makeRoomIn(share) === 0) {
      this.counts.clientsRefusedPerClient++;
      if (this.#refusing.size >= MAX_REFUSED_OF_CLIENTS) return connection.reset();
      return this.#refuse(connection, TOO_MANY);
    }
    if (this.#isFull && this.makeRoom() === 0) return this.#wait(connection, client);
    this.#silent.add(connection);
    this.#shares.add(client, connection);
  }

  /** A client asks for the first time: false when there is no place for it, and it was told so. */
  admit(connection: ClientConnection): boolean {
    if (this.#waiting.has(connection)) {
      if (this.#isFull && this.makeRoomToServe() === 0) {
        this.#refuseFull(connection);
        return false;
      }
      this.#waiting.delete(connection);
    } else this.#silent.delete(connection);
    this.#asked.add(connection);
    return true;
  }

  /** Some may have waited for long enough, others been idle for so long that they rest. */
  expire(): void {
    const { now } = this.#sweep;
    if (this.#nextRest <= now) this.#rest();
    for (const [connection, since] of this.#waiting) {
      if (since > now - WAIT_MS) break;
      // Who has begun to ask has the time that a head may take.
      if (connection.idleSince === Number.POSITIVE_INFINITY) continue;
      this.#refuseFull(connection);
    }
    this.#schedule();
  }

  delete(connection: ClientConnection): void {
    this.#refusing.delete(connection);
    if (!this.#forget(connection) || this.#isFull) return;
    const next = this.#waiting.keys().next().value;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.#silent.add(next);
  }

  /**
   * Closes some of the connections that have been idle for longest, and answers how many: those that never asked, or if
   * there is none those that have not asked for long.
   */
  makeRoom(): number {
    const { now } = this.#sweep;
    if (now < this.#nextSearch) return 0;
    const most = Math.ceil(this.size * ROOM_SHARE);
    const closed = this.#closeSilent(most, MIN_SILENT_MS) || this.#closeIdle(most);
    if (closed === 0) this.#nextSearch = now + SEARCH_MS;
    return closed;
  }

  /** The same for somebody who asks. Who has asked nothing is worth less, however young the connection is. */
  makeRoomToServe(): number {
    const { now } = this.#sweep;
    if (now < this.#nextSearchToServe) return 0;
    const closed = this.#closeSilent(1, 0) || this.makeRoom();
    if (closed === 0) this.#nextSearchToServe = now + SEARCH_MS;
    return closed;
  }

  get #isFull(): boolean {
    return this.#most > 0 && this.size >= this.#most;
  }

  #closeSilent(most: number, minMs: number): number {
    let closed = 0;
    for (const connection of this.#silent) {
      const { idleSince } = connection;
      // It has begun to ask.
      if (idleSince === Number.POSITIVE_INFINITY) continue;
      if (closed === most || idleSince > this.#sweep.now - minMs) break;
      this.#close(connection);
      closed++;
    }
    return closed;
  }

  #closeIdle(most: number, among: Iterable<ClientConnection> = this.#asked): number {
    const { now } = this.#sweep;
    const mayGo = (one: ClientConnection) =>
      one.idleSince <= now - (this.#asked.has(one) ? MIN_IDLE_MS : MIN_SILENT_MS);
    const idle = [...among].filter(mayGo);
    idle.sort((a, b) => a.idleSince - b.idleSince).splice(most);
    for (const connection of idle) this.#close(connection);
    return idle.length;
  }

  /** The same among those of one client that has its share: a newcomer takes their place, and nobody else's. */
  #makeRoomIn(share: Share<ClientConnection>): number {
    const { now } = this.#sweep;
    if (now < share.nextSearch) return 0;
    const closed = this.#closeIdle(Math.ceil(share.has.size * ROOM_SHARE), share.has);
    if (closed === 0) share.nextSearch = now + SEARCH_MS;
    return closed;
  }

  /** At once, not when its close is reported: its place is needed now. */
  #close(connection: ClientConnection): void {
    this.#forget(connection);
    connection.destroy();
    this.counts.clientsClosedIdle++;
  }

  /** There is no place: one may become free, and who asks gets one. */
  #wait(connection: ClientConnection, client: string): void {
    if (this.#waiting.size + this.#refusing.size >= MAX_BEYOND) {
      this.counts.clientsRefusedFull++;
      const longest = this.#waiting.keys().next().value;
      if (longest === undefined || longest.idleSince === Number.POSITIVE_INFINITY) return connection.reset();
      this.#forget(longest);
      longest.reset();
    }
    this.#waiting.set(connection, this.#sweep.now);
    this.#shares.add(client, connection);
    this.#schedule();
  }

  #schedule(): void {
    this.deadline = this.#waiting.size > 0 ? this.#sweep.now : this.#nextRest;
  }

  #rest(): void {
    const { now } = this.#sweep;
    this.#nextRest = now + REST_MS;
    for (const connection of this.#asked) if (connection.idleSince <= now - REST_MS) connection.rest();
  }

  #refuseFull(connection: ClientConnection): void {
    this.#forget(connection);
    this.counts.clientsRefusedFull++;
    this.#refuse(connection, FULL);
  }

  #refuse(connection: ClientConnection, error: ProxyError): void {
    if (this.#waiting.size + this.#refusing.size >= MAX_BEYOND) return connection.reset();
    this.#refusing.add(connection);
    connection.refuse(error);
  }

  /** True when it had, or waited for, a place. */
  #forget(connection: ClientConnection): boolean {
    const isKnown =
      this.#asked.delete(connection) || this.#silent.delete(connection) || this.#waiting.delete(connection);
    if (isKnown) this.#shares.delete(connection);
    return isKnown;
  }
}
