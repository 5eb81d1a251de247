import type { Balancer, Candidates, Weighted } from './balancer.ts';

/** No backend gets more than this multiple of its share of the running requests… */
const BOUND = 1.25;
/** …unless it has so few that nobody is overloaded: a browser asks six times at once, and wants one backend. */
const ALWAYS_ALLOWED = 8;

/**
 * Requests with the same key go to the same backend, for as long as it is there and not overloaded. By rendezvous:
 * every backend draws a number from the key, and the highest wins. So a backend that leaves gives away only its own
 * keys, to all others by weight, and one that joins takes only those that it wins (Thaler and Ravishankar;
 * the bound is that of Mirrokni, Thorup and Zadimoghaddam).
 */
export class Hash implements Balancer {
  pick<T extends Weighted>({ list, isUniform, totalWeight }: Candidates<T>, key: number): T | undefined {
    let running = 1;
    for (let i = 0; i < list.length; i++) running += (list[i] as T).inFlight;
    const bound = (BOUND * running) / totalWeight;
    let best: T | undefined;
    let highest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < list.length; i++) {
      const backend = list[i] as T;
      if (backend.inFlight >= ALWAYS_ALLOWED && backend.inFlight >= Math.ceil(bound * backend.weight))
        continue;
      const drawn = (mix(key ^ backend.seed) + 0.5) / 4_294_967_296;
      // The logarithm makes the chance of the highest that of the weight; equal weights need none.
      const score = isUniform ? drawn : backend.weight / -Math.log(drawn);
      if (score > highest) {
        highest = score;
        best = backend;
      }
    }
    return best;
  }
}

/** 32 bits of a text of one-byte characters: FNV-1a, mixed so that every bit depends on every other. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** The finalizer of MurmurHash3: a permutation of 32 bits. */
function mix(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
