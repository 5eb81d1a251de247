import { changesOf } from '../../../model/changes.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Claim } from '../../../model/contribution.ts';

/** Routes that are remembered after their last container is gone. */
const MAX_REMEMBERED = 1_000;
/** How long; whoever has not deployed it again by then does not want it any more. */
export const REMEMBERED_MS = 3_600_000;

/**
 * The claims of containers that were removed, without an address: for an hour their hosts stay known and answer 503, not
 * 404, and a fallback that a label named still stands in. Where others serve, nothing of it counts (see `Ghosts`).
 */
export class RememberedClaims {
  readonly #clock: Clock;
  #claims: readonly Claim[] = [];
  /** How many claim the same, by what they claim: a service that is redeployed again and again is remembered once. */
  readonly #live = new Map<string, number>();
  /** What the last of them left, and when, by what it claimed; the latest at the end. */
  readonly #gone = new Map<string, { readonly claim: Claim; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the claims that there are now, and answers those that are only remembered. */
  update(claims: readonly Claim[]): Claim[] {
    const { gone, fresh } = changesOf(this.#claims, claims);
    this.#claims = claims;
    for (const claim of gone) if (claim.routes.length > 0) this.#leave(claim);
    for (const claim of fresh) if (claim.routes.length > 0) this.#come(claim);
    const since = this.#clock.elapsed() - REMEMBERED_MS;
    for (const [key, { at }] of this.#gone) {
      if (this.#gone.size <= MAX_REMEMBERED && at > since) break;
      this.#gone.delete(key);
    }
    return [...this.#gone.values()].map((remembered) => remembered.claim);
  }

  #leave(claim: Claim): void {
    const key = claimKey(claim);
    const others = (this.#live.get(key) ?? 0) - 1;
    if (others > 0) this.#live.set(key, others);
    else {
      const { serves: _, ...rest } = claim;
      this.#live.delete(key);
      const at = this.#clock.now();
      const removed = { at, until: at + REMEMBERED_MS };
      this.#gone.set(key, { claim: { ...rest, isGone: true, removed }, at: this.#clock.elapsed() });
    }
  }

  #come(claim: Claim): void {
    const key = claimKey(claim);
    this.#live.set(key, (this.#live.get(key) ?? 0) + 1);
    this.#gone.delete(key);
  }
}

function claimKey(claim: Claim): string {
  return JSON.stringify([
    claim.service,
    claim.routes.map(({ host, path, priority }) => [host, path, priority]),
  ]);
}
