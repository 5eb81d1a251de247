import type { ProxyError } from '../errors.ts';
import type { Sweep } from '../sweep.ts';
import type { Client } from './client.ts';

/** The most clients beyond the limit: those that wait for a place, and those that are being told why they get none. */
const MAX_BEYOND = 32;
/** The most of these that are refused because their address has its share already: they leave room for all others. */
const MAX_REFUSED_OF_CLIENTS = 16;
/** How long a client waits for a place without asking for anything. */
const WAIT_MS = 2_000;

/** The clients for whom there is no place: a few may wait for one, and a few are told why they get none. */
export class Overflow {
  readonly #sweep: Sweep;
  /** Clients that wait for a place and have not asked yet, and since when. The first has waited for longest. */
  readonly #waiting = new Map<Client, number>();
  readonly #refusing = new Set<Client>();

  constructor(sweep: Sweep) {
    this.#sweep = sweep;
  }

  get isEmpty(): boolean {
    return this.#waiting.size + this.#refusing.size === 0;
  }

  get isFull(): boolean {
    return this.#waiting.size + this.#refusing.size >= MAX_BEYOND;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** The client that has waited for longest; undefined when nobody waits, or that client has begun to ask. */
  get longest(): Client | undefined {
    const first = this.#waiting.keys().next().value;
    return first === undefined || isAsking(first) ? undefined : first;
  }

  *[Symbol.iterator](): Iterator<Client> {
    yield* this.#waiting.keys();
    yield* this.#refusing;
  }

  wait(client: Client): void {
    this.#waiting.set(client, this.#sweep.now);
  }

  isWaiting(client: Client): boolean {
    return this.#waiting.has(client);
  }

  /** Takes the client that gets the place that became free; undefined when nobody waits. */
  next(): Client | undefined {
    const first = this.#waiting.keys().next().value;
    if (first !== undefined) this.#waiting.delete(first);
    return first;
  }

  /** The clients that have waited for long enough. Those that have begun to ask are left out: a head has a time of its own. */
  *late(): Generator<Client> {
    for (const [client, since] of this.#waiting) {
      if (since > this.#sweep.now - WAIT_MS) return;
      if (!isAsking(client)) yield client;
    }
  }

  /** Tells a client why it gets no place, or only resets it where too many are being told. */
  refuse(client: Client, error: ProxyError): void {
    if (this.isFull) return client.reset();
    this.#refusing.add(client);
    client.refuse(error);
  }

  /** Refuses a client whose address has its share already: for these there is less room. */
  refuseOfShare(client: Client, error: ProxyError): void {
    if (this.#refusing.size >= MAX_REFUSED_OF_CLIENTS) return client.reset();
    this.refuse(client, error);
  }

  /** Forgets a client. True if it waited for a place. */
  delete(client: Client): boolean {
    this.#refusing.delete(client);
    return this.#waiting.delete(client);
  }
}

function isAsking({ idleSince }: Client): boolean {
  return idleSince === Number.POSITIVE_INFINITY;
}
