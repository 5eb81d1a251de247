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

/** The requests of a service that wait for a backend, first come, first served. */
export class WaitingLine {
  readonly #waiters = new Set<Waiter>();
  readonly #hasRoom: () => boolean;

  /** @param hasRoom some backend of the service could take a request */
  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  get size(): number {
    return this.#waiters.size;
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter);
  }

  /** False when it was not there. */
  delete(waiter: Waiter): boolean {
    return this.#waiters.delete(waiter);
  }

  /** Lets them look in their order, for as long as there is something to be had. */
  serve(isNews: boolean): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoom()) return;
      waiter.retry(isNews);
    }
  }

  giveUp(): void {
    for (const waiter of this.#waiters) waiter.giveUp();
  }
}
