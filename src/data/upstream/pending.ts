import type { BackendState } from './backend-state.ts';

/** What became of an attempt: its response has begun, it failed, or its response is no longer wanted. */
export type Outcome = 'pending' | 'answered' | 'failed' | 'cancelled';

/** Who may be given a request that may keep it from all others. */
export interface TrialLimits {
  /** The only other one. */
  readonly mayBeLast: boolean;
  /** One that has requests, which would wait as well. */
  readonly mayBeBusy: boolean;
}

/** One try of a request on one backend, as those see it that judge backends. None of its methods throws. */
export interface PendingAttempt {
  readonly backend: BackendState | undefined;
  /** Of the request, normalised. */
  readonly path: string;
  /** The backend owes a connection, or the response to a request that it was sent whole. */
  readonly isAwaited: boolean;
  /** The hang watch's tick in which that began; Infinity where nobody can tell how long it may take. */
  readonly since: number;
  /** The backend may have seen some of the request. */
  readonly isSent: boolean;
  readonly outcome: Outcome;
  /** Its backend hangs: tries the request on another one, too, if that is harmless. */
  hedge(): void;
  /**
   * The same for a request that may keep whoever gets it from all others; answers the attempt there, if there is one.
   * @param on the backend that is to get it; any without it
   */
  tryOut(on: BackendState | undefined, limits: TrialLimits): PendingAttempt | undefined;
}
