import { isDeepStrictEqual } from 'node:util';
import type { BackendHealth, HealthFlag, Proof, SaidHealth, Transition } from '../../model/health.ts';
import type { Charge, EjectedSignal } from '../../model/signal.ts';
import { outweighs } from '../../model/signal.ts';
import type { CheckState } from './verdict.ts';

/** Transitions that are remembered of a backend. */
const MAX_HISTORY = 32;

/** What speaks about a backend, besides what its record knows. */
export interface Evidence {
  /** What its source knows, such as Docker. */
  readonly source: SaidHealth | undefined;
  readonly check: CheckState | undefined;
}

/**
 * What is known of one backend's health: checks, its source and requests joined to flags with a reason, and the history of
 * these. Only other flags are worth a snapshot and an entry of the history.
 */
export class BackendRecord {
  /** Undefined until `judge` was called first. */
  health: BackendHealth | undefined = undefined;
  /** What requests say against it, be it a suspicion. */
  charge: Charge | undefined = undefined;
  /** What they took it out for, while that holds. */
  ejected: EjectedSignal | undefined = undefined;
  #proof: Proof | undefined = undefined;
  readonly #history: Transition[] = [];
  /** Of the backend. */
  readonly id: string;

  constructor(id: string) {
    this.id = id;
  }

  /** The latest changes, the oldest first. */
  get history(): readonly Transition[] {
    return this.#history;
  }

  /** A probe spoke for it: true when that outweighs what requests say. */
  prove(proof: Proof): boolean {
    if (this.charge === undefined || !outweighs(proof, this.charge)) return false;
    this.#proof = proof;
    this.acquit();
    return true;
  }

  /** Requests say nothing against it any more. */
  acquit(): void {
    this.charge = undefined;
    this.ejected = undefined;
  }

  /** Joins all that is said of the backend. `since` is kept as long as the flags stay the same. */
  judge({ source, check }: Evidence, now: number): BackendHealth {
    if (this.ejected !== undefined && this.ejected.until <= now) this.acquit();
    const flags = new Set<HealthFlag>(source?.flags);
    if (check?.state === 'pending') flags.add('Pending');
    if (check?.state === 'down') flags.add('FailedCheck');
    if (this.ejected !== undefined) flags.add('Ejected');
    const list = [...flags].sort();
    const before = this.health;
    const isSame = before !== undefined && before.flags.join() === list.join();
    // Probes of a healthy backend vary in their words; that is no news.
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
