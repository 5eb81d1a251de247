import type { Balancer, Candidates, Weighted } from './balancer.ts';

/**
 * Picks of two backends drawn by weight the one that costs less; the first when they tie. That is nearly as even as
 * comparing all, but does not send everybody to the one that looks best (Mitzenmacher, "The Power of Two Choices").
 */
export function pickOfTwo<T extends Weighted>(
  candidates: Candidates<T>,
  random: () => number,
  cost: (backend: T) => number,
): T | undefined {
  const { list } = candidates;
  const count = list.length;
  if (count < 2) return list[0];
  const first = draw(candidates, random(), -1);
  const second = draw(candidates, random(), first);
  const a = list[first] as T;
  const b = list[second] as T;
  return cost(b) < cost(a) ? b : a;
}

/** Draws a candidate by weight, but never `except`; returns its index. */
function draw(
  { list, isUniform, totalWeight }: Candidates<Weighted>,
  chance: number,
  except: number,
): number {
  const last = list.length - 1;
  if (isUniform) {
    const at = Math.floor(chance * (except === -1 ? last + 1 : last));
    return except !== -1 && at >= except ? at + 1 : at;
  }
  let rest = chance * (totalWeight - (list[except]?.weight ?? 0));
  for (let i = 0; i <= last; i++) {
    if (i === except) continue;
    rest -= (list[i] as Weighted).weight;
    if (rest < 0) return i;
  }
  return except === last ? last - 1 : last;
}

/** Picks of two random backends the one with fewer requests for its weight. */
export class TwoChoices implements Balancer {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  pick<T extends Weighted>(candidates: Candidates<T>): T | undefined {
    return pickOfTwo(candidates, this.#random, load);
  }
}

function load({ inFlight, weight }: Weighted): number {
  return inFlight / weight;
}
