import type { ClientConnection } from './http1/server.ts';
import { ProxyError } from './proxy/errors.ts';
import type { Sweep } from './sweep.ts';

/** How many connections of clients there may be; 0 is no limit. */
export interface ClientLimits {
  readonly maxConnections: number;
  /** Of one address, or of one /64 network of IPv6, which is what one customer is given. */
  readonly maxConnectionsPerClient: number;
}

/** An idle connection is closed for another only after so long: before, its next request may be under way. */
const MIN_IDLE_MS = 1_000;
/** Of all connections, the share that is closed at once when room is needed, so that it is needed seldom. */
const ROOM_SHARE = 1 / 16;
/** A fruitless search for idle connections is not repeated before: a flood must not make every accept a walk. */
const SEARCH_MS = 100;
/** Clients that are told why they are refused, at the same time. More are only closed. */
const MAX_REFUSING = 32;

const FULL = new ProxyError('overloaded', 'all connections are in use');
const TOO_MANY = new ProxyError('too-many-connections', 'too many connections from this address');

/** The open connections of clients. */
export class Clients {
  readonly counts = {
    clientConnectionsTotal: 0,
    clientsRefusedFull: 0,
    clientsRefusedPerClient: 0,
    clientsClosedIdle: 0,
  };
  readonly #limits: ClientLimits;
  readonly #sweep: Sweep;
  readonly #isExempt: (address: string) => boolean;
  readonly #open = new Set<ClientConnection>();
  readonly #refusing = new Set<ClientConnection>();
  readonly #perClient = new Map<string, number>();
  #nextSearch = 0;

  /** @param isExempt whether an address stands for many clients, and may have as many connections as it likes */
  constructor(limits: ClientLimits, sweep: Sweep, isExempt: (address: string) => boolean) {
    this.#limits = limits;
    this.#sweep = sweep;
    this.#isExempt = isExempt;
  }

  /** Without those that are being refused. */
  get size(): number {
    return this.#open.size;
  }

  get isEmpty(): boolean {
    return this.#open.size + this.#refusing.size === 0;
  }

  *[Symbol.iterator](): Iterator<ClientConnection> {
    yield* this.#open;
    yield* this.#refusing;
  }

  /** A client has connected: it stays, or is refused. */
  add(connection: ClientConnection): void {
    this.counts.clientConnectionsTotal++;
    const { maxConnections } = this.#limits;
    if (this.#hasTooMany(connection.clientAddress)) {
      this.counts.clientsRefusedPerClient++;
      this.#refuse(connection, TOO_MANY);
    } else if (maxConnections > 0 && this.#open.size >= maxConnections && this.makeRoom() === 0) {
      this.counts.clientsRefusedFull++;
      this.#refuse(connection, FULL);
    } else {
      this.#open.add(connection);
      this.#count(connection.clientAddress, 1);
    }
  }

  delete(connection: ClientConnection): void {
    this.#refusing.delete(connection);
    if (this.#open.delete(connection)) this.#count(connection.clientAddress, -1);
  }

  /** Closes some of the connections that have been idle for longest, and answers how many. */
  makeRoom(): number {
    const { now } = this.#sweep;
    if (now < this.#nextSearch) return 0;
    const idle = [...this.#open].filter(({ idleSince }) => idleSince <= now - MIN_IDLE_MS);
    idle.sort((a, b) => a.idleSince - b.idleSince);
    const closed = idle.slice(0, Math.ceil(this.#open.size * ROOM_SHARE));
    for (const connection of closed) {
      // At once, not when its close is reported: its place is needed now.
      this.delete(connection);
      connection.destroy();
    }
    if (closed.length === 0) this.#nextSearch = now + SEARCH_MS;
    this.counts.clientsClosedIdle += closed.length;
    return closed.length;
  }

  #refuse(connection: ClientConnection, error: ProxyError): void {
    if (this.#refusing.size >= MAX_REFUSING) return connection.reset();
    this.#refusing.add(connection);
    connection.refuse(error);
  }

  #hasTooMany(address: string): boolean {
    const { maxConnectionsPerClient: most } = this.#limits;
    return most > 0 && (this.#perClient.get(clientOf(address)) ?? 0) >= most && !this.#isExempt(address);
  }

  #count(address: string, change: 1 | -1): void {
    if (this.#limits.maxConnectionsPerClient === 0) return;
    const client = clientOf(address);
    const count = (this.#perClient.get(client) ?? 0) + change;
    if (count === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, count);
  }
}

/** Whom an address stands for: itself, or in IPv6 its /64 network. */
export function clientOf(address: string): string {
  if (!address.includes(':')) return address;
  const [left = '', right] = address.split('::');
  const groups = left === '' ? [] : left.split(':');
  const after = right === undefined || right === '' ? [] : right.split(':');
  while (right !== undefined && groups.length + after.length < 8) groups.push('0');
  return [...groups, ...after].slice(0, 4).join(':');
}
