import type { Balancer, Candidates, Weighted } from './balancer.ts';

/**
 * Picks in turns, and where weights differ in a smooth mix: 5:1:1 is a a b a c a a, not a a a a a b c. Each backend's
 * account grows by its weight, and the richest is picked and pays the total (the method of nginx).
 */
export class RoundRobin implements Balancer {
  #next = 0;

  pick<T extends Weighted>({ list, isUniform, totalWeight }: Candidates<T>): T | undefined {
    if (isUniform) {
      if (this.#next >= list.length) this.#next = 0;
      return list[this.#next++];
    }
    let best: T | undefined;
    for (let i = 0; i < list.length; i++) {
      const backend = list[i] as T;
      backend.turn += backend.weight;
      if (best === undefined || backend.turn > best.turn) best = backend;
    }
    if (best !== undefined) best.turn -= totalWeight;
    return best;
  }
}
