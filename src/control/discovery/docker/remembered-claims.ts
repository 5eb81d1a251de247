import { changesOf } from '../../../model/changes.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Claim } from '../../../model/contribution.ts';

/** The most removed claims that are remembered. */
const MAX_REMEMBERED = 1_000;
/** How long a removed claim is remembered, in milliseconds. Later a new deployment is no longer expected. */
export const REMEMBERED_MS = 3_600_000;

/**
 * Remembers the claims of removed containers, without their addresses. For an hour their hosts stay known and answer 503,
 * not 404, and fallbacks that a label named still answer. Remembered claims yield to claims that serve (see `Ghosts`).
 */
export class RememberedClaims {
  readonly #clock: Clock;
  #claims: readonly Claim[] = [];
  /** The number of live claims with the same key, so that a service that is redeployed often is remembered once. */
  readonly #live = new Map<string, number>();
  /** The remembered claims, by key; the claim that left last comes last. */
  readonly #gone = new Map<string, { readonly claim: Claim; readonly at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the claims that there are now, and returns the remembered ones. */
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
