/** What one client has of something of which each client may have so much. */
export interface Share<T> {
  readonly client: string;
  readonly has: Set<T>;
  /** When idle connections of this client may be looked for again, in the sweep's milliseconds. */
  nextSearch: number;
}

/** The shares of all clients that have something. */
export class Shares<T> {
  /** The most that one client may have. */
  most: number;
  readonly #byClient = new Map<string, Share<T>>();
  readonly #byOwned = new Map<T, Share<T>>();

  constructor(most: number) {
    this.most = most;
  }

  /** The share of a client that already has all that one client may have; else undefined. */
  fullOf(client: string): Share<T> | undefined {
    const share = this.#byClient.get(client);
    return share !== undefined && share.has.size >= this.most ? share : undefined;
  }

  /**
   * Adds something to the share of a client.
   * @param client as `ClientLimit.clientAt` returns it; if empty there is no limit, and nothing is remembered
   */
  add(client: string, one: T): void {
    if (client === '') return;
    let share = this.#byClient.get(client);
    if (share === undefined) {
      share = { client, has: new Set(), nextSearch: 0 };
      this.#byClient.set(client, share);
    }
    share.has.add(one);
    this.#byOwned.set(one, share);
  }

  delete(one: T): void {
    const share = this.#byOwned.get(one);
    if (share === undefined) return;
    this.#byOwned.delete(one);
    share.has.delete(one);
    if (share.has.size === 0) this.#byClient.delete(share.client);
  }
}
