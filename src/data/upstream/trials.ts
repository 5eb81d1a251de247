import type { BackendState } from './backend-state.ts';
import type { Ejector } from './ejection.ts';
import type { Outcome, PendingAttempt } from './pending.ts';
import type { ServiceState } from './service-state.ts';

/** For so many ticks a backend is looked for that has no requests: they would wait as well. */
const MAX_WAITS = 8;

/** Requests of a backend that hangs, sent to one other. */
interface Trial {
  readonly from: BackendState;
  readonly on: BackendState;
  /** It gets no others meanwhile. */
  readonly isLent: boolean;
  readonly attempts: readonly PendingAttempt[];
}

/**
 * Tries requests elsewhere that may be what their backend hangs over: an application with one thread answers nobody
 * while it works on one page, and whoever gets that page next answers nobody either. So at most one backend of a
 * service at a time is given such requests, and nothing else until it has answered them or a probe shows that it lives.
 * The first trial is of one request; each that goes well makes the next twice as large.
 */
export class Trials {
  readonly #ejector: Ejector;
  readonly #running = new Map<ServiceState, Trial>();

  constructor(ejector: Ejector) {
    this.#ejector = ejector;
  }

  get size(): number {
    return this.#running.size;
  }

  /**
   * Begins one, unless one runs or there is nobody to be spared for it.
   * @param suspects the most harmless first
   * @param mayBeLast whether the only other backend may be given them, too
   */
  begin(
    service: ServiceState,
    from: BackendState,
    suspects: readonly PendingAttempt[],
    mayBeLast: boolean,
  ): void {
    if (this.#running.has(service)) return;
    const attempts: PendingAttempt[] = [];
    let on: BackendState | undefined;
    const { silence } = from;
    const mayBeBusy = silence.trialWaits >= MAX_WAITS;
    for (const suspect of suspects) {
      const attempt = suspect.tryOut(on, { mayBeLast, mayBeBusy });
      if (attempt === undefined) continue;
      on = attempt.backend;
      attempts.push(attempt);
      if (attempts.length >= silence.trialSize) break;
    }
    if (on === undefined) {
      if (suspects.length > 0) silence.trialWaits++;
      return;
    }
    const isLent = this.#ejector.lend(service, on);
    this.#running.set(service, { from, on, isLent, attempts });
  }

  /** Some time has passed: which of them are over? */
  settle(): void {
    for (const [service, trial] of this.#running) {
      if (!isOver(trial)) continue;
      this.#running.delete(service);
      this.#ejector.giveBack(trial.on);
    }
  }
}

function isOver({ from, on, isLent, attempts }: Trial): boolean {
  const { silence } = from;
  const count = (wanted: Outcome) => attempts.filter(({ outcome }) => outcome === wanted).length;
  for (const { outcome, path } of attempts) if (outcome === 'answered') silence.harmless.add(path);
  if (count('answered') === attempts.length) silence.trialSize *= 2;
  const isFree = isLent && on.ejection?.isLoan !== true;
  // Where nobody waits for its answer any more only a probe can tell whether it is free.
  return count('pending') > 0 ? isFree : isFree || !isLent || count('answered') + count('failed') > 0;
}
