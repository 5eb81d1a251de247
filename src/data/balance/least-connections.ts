import type { Balancer, Candidates, Weighted } from './balancer.ts';

/** Picks the backend with the fewest requests in flight for its weight; backends that tie take turns. */
export class LeastConnections implements Balancer {
  #next = 0;

  pick<T extends Weighted>({ list }: Candidates<T>): T | undefined {
    const count = list.length;
    if (this.#next >= count) this.#next = 0;
    let best: T | undefined;
    let bestAt = 0;
    for (let i = 0, at = this.#next; i < count; i++) {
      const backend = list[at] as T;
      // Compares (inFlight + 1) / weight, the load with this request, without a division.
      if (best === undefined || (backend.inFlight + 1) * best.weight < (best.inFlight + 1) * backend.weight) {
        best = backend;
        bestAt = at;
      }
      at = at + 1 === count ? 0 : at + 1;
    }
    this.#next = bestAt + 1;
    return best;
  }
}
