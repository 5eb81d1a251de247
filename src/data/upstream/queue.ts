/** A request without a backend, as the queue sees it. */
export interface Waiter {
  /**
   * Looks for a backend again, and leaves the queue if there is one.
   * @param isNews whether backends came or changed, and not just finished a request
   */
  retry(isNews: boolean): void;
  /** Leaves the queue, since waiting has become pointless. */
  giveUp(): void;
}

/** The share of a queue that a client may have. */
const SHARE = 1 / 4;

/** The requests of a service that wait for a backend, first come, first served. */
export class Queue {
  /** Each waiter with its client. */
  readonly #waiters = new Map<Waiter, string>();
  readonly #perClient = new Map<string, number>();
  readonly #hasRoom: () => boolean;

  /** @param hasRoom tells whether some backend of the service could take a request */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Whether a client may have another place: one that sends many requests must leave places for others.
   * @param client empty if it has no limit
   * @param size places in the queue
   */
  hasPlace(client: string, size: number): boolean {
    const most = client === '' ? size : Math.ceil(size * SHARE);
    return this.size < size && (this.#perClient.get(client) ?? 0) < most;
  }

  /** @param client empty if it has no limit */
  add(waiter: Waiter, client = ''): void {
    this.#waiters.set(waiter, client);
    this.#count(client, 1);
  }

  /** Returns false if the waiter is not in the queue. */
  delete(waiter: Waiter): boolean {
    const client = this.#waiters.get(waiter);
    if (client === undefined) return false;
    this.#count(client, -1);
    return this.#waiters.delete(waiter);
  }

  /** Lets waiters look for a backend, in their order and while some backend has room. */
  serve(isNews: boolean): void {
    for (const waiter of this.#waiters.keys()) {
      if (!this.#hasRoom()) return;
      waiter.retry(isNews);
    }
  }

  /** Makes all waiters leave. */
  giveUp(): void {
    for (const waiter of this.#waiters.keys()) waiter.giveUp();
  }

  #count(client: string, change: 1 | -1): void {
    if (client === '') return;
    const count = (this.#perClient.get(client) ?? 0) + change;
    if (count === 0) this.#perClient.delete(client);
    else this.#perClient.set(client, count);
  }
}
