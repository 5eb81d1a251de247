import type { Balancer, Candidates, Weighted } from './balancer.ts';

/** Picks by chance, in proportion to the weights. */
export class Random implements Balancer {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  pick<T extends Weighted>({ list, isUniform, totalWeight }: Candidates<T>): T | undefined {
    if (isUniform) return list[Math.floor(this.#random() * list.length)];
    let rest = this.#random() * totalWeight;
    for (let i = 0; i < list.length; i++) {
      const backend = list[i] as T;
      rest -= backend.weight;
      if (rest < 0) return backend;
    }
    return list[list.length - 1];
  }
}
