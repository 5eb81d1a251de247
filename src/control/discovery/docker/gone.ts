import type { Claim } from '../../../model/contribution.ts';

/** Routes that are remembered after their last container is gone. */
const MAX_REMEMBERED = 1_000;

interface Remembered {
  readonly key: string;
  readonly gone: Claim;
}

/**
 * The claims of containers that were removed, without an address: their hosts stay known and answer 503, not
 * 404, and a fallback that a label named still stands in.
 */
export class GoneClaims {
  /** By what they claim, so that a service that is redeployed again and again is remembered once. */
  readonly #last = new Map<string, Claim>();
  readonly #read = new WeakMap<Claim, Remembered>();

  /** Takes the claims that there are now, and answers those that are only remembered. */
  update(claims: readonly Claim[]): Claim[] {
    const live = new Set<string>();
    for (const claim of claims) {
      if (claim.routes.length === 0) continue;
      const { key, gone } = this.#remember(claim);
      live.add(key);
      // Anew at the end: the order is that of the last sight.
      this.#last.delete(key);
      this.#last.set(key, gone);
    }
    const gone = [...this.#last].filter(([key]) => !live.has(key));
    for (const [key] of gone.splice(0, Math.max(0, gone.length - MAX_REMEMBERED))) this.#last.delete(key);
    return gone.map(([, claim]) => claim);
  }

  /** A claim that stays the same is read once. */
  #remember(claim: Claim): Remembered {
    const known = this.#read.get(claim);
    if (known !== undefined) return known;
    const { serves: _, ...rest } = claim;
    const remembered = { key: claimKey(claim), gone: { ...rest, isGone: true } };
    this.#read.set(claim, remembered);
    return remembered;
  }
}

function claimKey(claim: Claim): string {
  return JSON.stringify([
    claim.service,
    claim.routes.map(({ host, path, priority }) => [host, path, priority]),
  ]);
}
