/** What one client has of something that is limited for each. */
export interface Share<T> {
  readonly client: string;
  readonly has: Set<T>;
  /** In the sweep's milliseconds: what is idle is not looked for before. */
  nextSearch: number;
}

/** Shares of clients, each there for as long as its client has something. */
export class Shares<T> {
  /** Of one client. */
  most: number;
  readonly #byClient = new Map<string, Share<T>>();
  readonly #byOwned = new Map<T, Share<T>>();

  constructor(most: number) {
    this.most = most;
  }

  /** The share of a client that has all that one may have. */
  fullOf(client: string): Share<T> | undefined {
    const share = this.#byClient.get(client);
    return share !== undefined && share.has.size >= this.most ? share : undefined;
  }

  /** @param client as of `ClientLimit.clientAt`; without a limit nothing is remembered */
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
