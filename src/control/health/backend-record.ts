import { isDeepStrictEqual } from 'node:util';
import type { BackendHealth, HealthFlag, Proof, SaidHealth, Transition } from '../../model/health.ts';
import type { Charge, EjectedSignal } from '../../model/signal.ts';
import { outweighs } from '../../model/signal.ts';
import type { CheckState } from './verdict.ts';

/** The most transitions that are remembered of a backend. */
const MAX_HISTORY = 32;

/** What is known of a backend's health besides what its record holds. */
export interface Evidence {
  /** What its source says, such as Docker. */
  readonly source: SaidHealth | undefined;
  readonly check: CheckState | undefined;
}

/**
 * What is known of one backend's health: joins its checks, its source and its requests into flags with a reason, and keeps
 * a history of the flags. Only a change of flags makes an entry of the history.
 */
export class BackendRecord {
  /** Undefined before the first `judge`. */
  health: BackendHealth | undefined = undefined;
  /** What requests say against the backend; a suspicion is a charge, too. */
  charge: Charge | undefined = undefined;
  /** The ejection that is in force, if any. */
  ejected: EjectedSignal | undefined = undefined;
  #proof: Proof | undefined = undefined;
  readonly #history: Transition[] = [];
  /** The id of the backend. */
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** The latest changes, the oldest first. */
  get history(): readonly Transition[] {
    return this.#history;
  }

  /** Takes what a probe proved for the backend; true when that outweighs the charge, which is dropped then. */
  takeProof(proof: Proof): boolean {
    if (this.charge === undefined || !outweighs(proof, this.charge)) return false;
    this.#proof = proof;
    this.acquit();
    return true;
  }

  /** Drops what requests said against the backend. */
  acquit(): void {
    this.charge = undefined;
    this.ejected = undefined;
  }

  /** Joins all that is known of the backend. `since` is kept as long as the flags stay the same. */
  judge({ source, check }: Evidence, now: number): BackendHealth {
    if (this.ejected !== undefined && this.ejected.until <= now) this.acquit();
    const flags = new Set<HealthFlag>(source?.flags);
    if (check?.state === 'pending') flags.add('Pending');
    if (check?.state === 'down') flags.add('FailedCheck');
    if (this.ejected !== undefined) flags.add('Ejected');
    const list = [...flags].sort();
    const before = this.health;
    const isSame = before !== undefined && before.flags.join() === list.join();
    // The words of the last probe may differ while the backend stays healthy; that is no news.
    if (isSame && list.length === 0 && before.proof === this.#proof) return before;
    const health: BackendHealth = {
      flags: list,
      reason: this.#reason(source, check),
      since: isSame ? before.since : now,
      ...(source?.drainEndsAt !== undefined && { drainEndsAt: source.drainEndsAt }),
      ...(this.#proof !== undefined && { proof: this.#proof }),
    };
    if (isDeepStrictEqual(health, before)) return before as BackendHealth;
    this.health = health;
    if (!isSame) this.#remember({ at: now, flags: list, reason: health.reason });
    return health;
  }

  #reason(source: Evidence['source'], check: CheckState | undefined): string {
    const others = [source?.reason, this.ejected?.reason].filter((text) => text !== undefined);
    // A check that passes is worth a word only when there is nothing else to say.
    if (check !== undefined && (check.state !== 'up' || others.length === 0)) others.push(check.reason);
    return others.join('; ');
  }

  #remember(transition: Transition): void {
    this.#history.push(transition);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
  }
}
