import type { ProxyError } from '../errors.ts';
import type { Sweep } from '../sweep.ts';
import type { Client } from './client.ts';

/** Clients beyond the limit, at the same time: they wait for a place, or are told why they get none. */
const MAX_BEYOND = 32;
/** Of these, the most that have their share already: they leave room for those of whom this is not said. */
const MAX_REFUSED_OF_CLIENTS = 16;
/** How long a client waits for a place without asking for anything. */
const WAIT_MS = 2_000;

/** The clients for whom there is no place: a few may wait for one, and a few are told why they get none. */
export class Overflow {
  readonly #sweep: Sweep;
  /** Have not asked yet; since when. The first has waited for longest. */
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

  /** Who has waited for longest; undefined where nobody waits, or this one has begun to ask. */
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

  /** Who gets the place that became free: it waits no longer. */
  next(): Client | undefined {
    const first = this.#waiting.keys().next().value;
    if (first !== undefined) this.#waiting.delete(first);
    return first;
  }

  /** Those that have waited for long enough; who has begun to ask has the time that a head may take. */
  *late(): Generator<Client> {
    for (const [client, since] of this.#waiting) {
      if (since > this.#sweep.now - WAIT_MS) return;
      if (!isAsking(client)) yield client;
    }
  }

  /** Tells a client why it gets no place, or only cuts it where too many are being told. */
  refuse(client: Client, error: ProxyError): void {
    if (this.isFull) return client.reset();
    this.#refusing.add(client);
    client.refuse(error);
  }

  /** The same for one whose client has its share: for these there is less room. */
  refuseOfShare(client: Client, error: ProxyError): void {
    if (this.#refusing.size >= MAX_REFUSED_OF_CLIENTS) return client.reset();
    this.refuse(client, error);
  }

  /** True for one that waited. */
  delete(client: Client): boolean {
    this.#refusing.delete(client);
    return this.#waiting.delete(client);
  }
}

function isAsking({ idleSince }: Client): boolean {
  return idleSince === Number.POSITIVE_INFINITY;
}
