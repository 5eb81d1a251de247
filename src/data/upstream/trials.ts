import type { BackendState } from './backend-state.ts';
import type { Ejector } from './ejector.ts';
import type { Outcome, PendingAttempt } from './pending.ts';
import type { ServiceState } from './service-state.ts';

/** For so many ticks only a backend without requests is taken for a trial, since its requests would wait as well. */
const MAX_WAITS = 8;

/** Requests of a backend that hangs, tried on another one. */
interface Trial {
  readonly from: BackendState;
  readonly on: BackendState;
  /** Whether `on` gets no other requests meanwhile. */
  readonly isLent: boolean;
  readonly attempts: readonly PendingAttempt[];
}

/**
 * Tries requests on another backend that may be why their own backend hangs: an application with one thread answers nobody
 * while it works on one page, and the next backend that gets this page would answer nobody either. So only one backend
 * of a service at a time is lent for a trial, and gets nothing else until it has responded or a probe shows that it
 * lives. The first trial has one request; each trial that goes well makes the next twice as large.
 */
export class Trials {
  readonly #ejector: Ejector;
  readonly #running = new Map<ServiceState, Trial>();

  constructor(ejector: Ejector) {
    this.#ejector = ejector;
  }

  /** The number of trials that run. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Begins a trial, unless one of the service runs or no backend can be spared for it.
   * @param suspects the requests that may be the reason, the most harmless first
   * @param mayBeLast whether they may be tried on the only other backend
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

  /** Ends the trials that are over; called at each tick. */
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
  for (const { outcome, path } of attempts) if (outcome === 'responded') silence.harmless.add(path);
  if (count('responded') === attempts.length) silence.trialSize *= 2;
  const isFree = isLent && on.ejection?.state !== 'lent';
  // When all clients of the trial have left, only a probe can tell whether the backend is free.
  return count('pending') > 0 ? isFree : isFree || !isLent || count('responded') + count('failed') > 0;
}
