import type { Balancer, Candidates, Weighted } from './balancer.ts';
import { pickOfTwo } from './two-choices.ts';

/** The cost of a backend whose first response is still awaited: more than any that was measured. */
const UNKNOWN_MS = 1e9;

/**
 * Of two random choices the one that should answer sooner: its latency times the requests before this one, for
 * its weight. What was measured fades, so that one that was slow gets a request now and then and can recover. One
 * that was never measured gets a single request first.
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
