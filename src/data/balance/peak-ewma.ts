import type { Balancer, Candidates, Weighted } from './balancer.ts';
import { pickOfTwo } from './two-choices.ts';

/** The cost of a backend whose first response is awaited: more than any that is measured. */
const UNKNOWN_MS = 1e9;

/**
 * Picks of two random backends the one that should respond sooner: the cost is the latency times the requests in flight
 * with this one, divided by the weight. Measurements fade, so that a slow backend gets a request now and then and can
 * recover. A backend that was never measured gets a single request first.
 */
export class PeakEwma implements Balancer {
  readonly #random: () => number;
  readonly #elapsed: () => number;
  #now = 0;

  constructor(random: () => number, elapsed: () => number) {
    this.#random = random;
    this.#elapsed = elapsed;
  }

  pick<T extends Weighted>(candidates: Candidates<T>): T | undefined {
    this.#now = this.#elapsed();
    return pickOfTwo(candidates, this.#random, this.#cost);
  }

  readonly #cost = ({ latency, inFlight, weight }: Weighted): number => {
    const expected = latency.expected(this.#now);
    if (expected > 0) return (expected * (inFlight + 1)) / weight;
    return inFlight === 0 ? 0 : (UNKNOWN_MS * inFlight) / weight;
  };
}
