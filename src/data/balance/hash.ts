import type { Balancer, Candidates, Weighted } from './balancer.ts';

/** A backend gets at most this multiple of its share of the running requests… */
const BOUND = 1.25;
/** …unless it has fewer than these: a browser sends six requests at once, and they should stay together. */
const ALWAYS_ALLOWED = 8;

/**
 * Sends requests with the same key to the same backend, as long as that is there and not overloaded, by rendezvous hashing:
 * every backend draws a number from the key, and the highest wins. A backend that leaves gives away only its own keys, to
 * all others by weight, and one that joins takes only the keys that it wins (Thaler and Ravishankar; the bound is that of
 * Mirrokni, Thorup and Zadimoghaddam).
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
      // The logarithm makes the chance to win proportional to the weight; with equal weights it is not needed.
      const score = isUniform ? drawn : backend.weight / -Math.log(drawn);
      if (score > highest) {
        highest = score;
        best = backend;
      }
    }
    return best;
  }
}

/** Hashes a text of one-byte characters to 32 bits: FNV-1a, mixed so that every bit depends on every other. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mix(hash);
}

/** Permutes 32 bits: the finalizer of MurmurHash3. */
function mix(bits: number): number {
  let hash = bits ^ (bits >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
