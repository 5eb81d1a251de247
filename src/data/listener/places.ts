import type { Sweep } from '../sweep.ts';
import type { Client } from './client.ts';
import type { Share } from './shares.ts';

/**
 * How long a connection that never asked is left alone before it is closed for a newcomer: its first request may be under way.
 */
const MIN_SILENT_MS = 1_000;
/**
 * The same for a connection that has asked: its next request may be under way. Such connections are closed only when there are
 * no silent ones to close.
 */
const MIN_IDLE_MS = 5_000;
/** The share of all connections that is closed at once when room is needed, so that it is needed seldom. */
const ROOM_SHARE = 1 / 16;
/** How long after a fruitless search for idle connections the next one follows: a flood must not make every accept a walk. */
const SEARCH_MS = 100;

/** The clients that have a place, and the choice of those that make room when one is needed. */
export class Places {
  /** How many clients were closed to make room. */
  closedIdle = 0;
  readonly #sweep: Sweep;
  readonly #forget: (client: Client) => void;
  /** The clients that have not asked yet; the first has been there for longest. */
  readonly #silent = new Set<Client>();
  readonly #asked = new Set<Client>();
  #nextSearch = 0;
  #nextSearchToServe = 0;

  /** @param forget called for a client before it is closed here; removes it everywhere */
  constructor(sweep: Sweep, forget: (client: Client) => void) {
    this.#sweep = sweep;
    this.#forget = forget;
  }

  get size(): number {
    return this.#silent.size + this.#asked.size;
  }

  *[Symbol.iterator](): Iterator<Client> {
    yield* this.#silent;
    yield* this.#asked;
  }

  /** A newcomer gets a place. */
  add(client: Client): void {
    this.#silent.add(client);
  }

  /** A client asks for the first time. It had a place, or gets one with that. */
  asks(client: Client): void {
    this.#silent.delete(client);
    this.#asked.add(client);
  }

  /** Forgets a client. False if it had no place. */
  delete(client: Client): boolean {
    return this.#asked.delete(client) || this.#silent.delete(client);
  }

  /**
   * Closes some connections, those that have been idle for longest, and returns how many: of those that never asked, or if
   * there are none, of those that have not asked for long.
   */
  makeRoom(): number {
    const { now } = this.#sweep;
    if (now < this.#nextSearch) return 0;
    const most = Math.ceil(this.size * ROOM_SHARE);
    const closed = this.#closeSilent(most, MIN_SILENT_MS) || this.#closeIdle(most, this.#asked);
    if (closed === 0) this.#nextSearch = now + SEARCH_MS;
    return closed;
  }

  /** Makes room for a client that asks. Connections that never asked are worth less than it, however young they are. */
  makeRoomToServe(): number {
    const { now } = this.#sweep;
    if (now < this.#nextSearchToServe) return 0;
    const closed = this.#closeSilent(1, 0) || this.makeRoom();
    if (closed === 0) this.#nextSearchToServe = now + SEARCH_MS;
    return closed;
  }

  /** Makes room among the connections of one client that has its share, for another one of that client. */
  makeRoomIn(share: Share<Client>): number {
    const { now } = this.#sweep;
    if (now < share.nextSearch) return 0;
    const closed = this.#closeIdle(Math.ceil(share.has.size * ROOM_SHARE), share.has);
    if (closed === 0) share.nextSearch = now + SEARCH_MS;
    return closed;
  }

  /** Lets clients rest that have been idle for so long, in milliseconds. */
  rest(idleMs: number): void {
    const { now } = this.#sweep;
    for (const client of this.#asked) if (client.idleSince <= now - idleMs) client.rest();
  }

  #closeSilent(most: number, minMs: number): number {
    let closed = 0;
    for (const client of this.#silent) {
      const { idleSince } = client;
      // The client has begun to ask.
      if (idleSince === Number.POSITIVE_INFINITY) continue;
      if (closed === most || idleSince > this.#sweep.now - minMs) break;
      this.#close(client);
      closed++;
    }
    return closed;
  }

  #closeIdle(most: number, among: Iterable<Client>): number {
    const { now } = this.#sweep;
    const mayGo = (one: Client) =>
      one.idleSince <= now - (this.#asked.has(one) ? MIN_IDLE_MS : MIN_SILENT_MS);
    const idle = [...among].filter(mayGo);
    idle.sort((a, b) => a.idleSince - b.idleSince).splice(most);
    for (const client of idle) this.#close(client);
    return idle.length;
  }

  /** Forgets the client at once, not when its close is reported: its place is needed now. */
  #close(client: Client): void {
    this.#forget(client);
    client.destroy();
    this.closedIdle++;
  }
}
