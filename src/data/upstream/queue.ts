/** A request without a backend, as the line that it stands in sees it. */
export interface Waiter {
  /**
   * Looks for a backend again, and leaves the line if there is one.
   * @param isNews backends came or changed, and not only finished a request
   */
  retry(isNews: boolean): void;
  /** Waiting is pointless from now on: it leaves the line. */
  giveUp(): void;
}

/** Of all places in a line, the most that one client may have. */
const SHARE = 1 / 4;

/** The requests of a service that wait for a backend, first come, first served. */
export class Queue {
  /** With whose they are. */
  readonly #waiters = new Map<Waiter, string>();
  readonly #perClient = new Map<string, number>();
  readonly #hasRoom: () => boolean;

  /** @param hasRoom some backend of the service could take a request */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Whether a client may have another place. Otherwise one that asks enough would leave none for all others.
   * @param client empty for one that has no limit
   * @param size places in the line
   */
  hasPlace(client: string, size: number): boolean {
    const most = client === '' ? size : Math.ceil(size * SHARE);
    return this.size < size && (this.#perClient.get(client) ?? 0) < most;
  }

  /** @param client whose it is; empty for one that has no limit */
  add(waiter: Waiter, client = ''): void {
    this.#waiters.set(waiter, client);
    this.#count(client, 1);
  }

  /** False when it was not there. */
  delete(waiter: Waiter): boolean {
    const client = this.#waiters.get(waiter);
    if (client === undefined) return false;
    this.#count(client, -1);
    return this.#waiters.delete(waiter);
  }

  /** Lets them look in their order, for as long as there is something to be had. */
  serve(isNews: boolean): void {
    for (const waiter of this.#waiters.keys()) {
      if (!this.#hasRoom()) return;
      waiter.retry(isNews);
    }
  }

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
