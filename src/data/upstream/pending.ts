import type { BackendState } from './backend-state.ts';

/** What became of an attempt: its response has begun (`responded`), it failed, or nobody wants its response any more. */
export type Outcome = 'pending' | 'responded' | 'failed' | 'cancelled';

/** Which backends may be used for a trial. */
export interface TrialLimits {
  /** The only other backend of the service may. */
  readonly mayBeLast: boolean;
  /** A backend that has requests may, though these would wait as well. */
  readonly mayBeBusy: boolean;
}

/** An attempt, as those that judge backends see it. None of its methods throws. */
export interface PendingAttempt {
  /** Its place among the attempts of its backend (`Attempts`). */
  index: number;
  readonly backend: BackendState | undefined;
  /** The normalised path of the request. */
  readonly path: string;
  /** Whether it is the backend's turn: to accept the connection, or to respond to a request that it was sent whole. */
  readonly isAwaited: boolean;
  /** The tick of the hang watch since which that is so; Infinity where nobody can tell how long a response may take. */
  readonly since: number;
  /** Whether the backend may have seen some of the request. */
  readonly isSent: boolean;
  readonly outcome: Outcome;
  /** Makes a second attempt on another backend while this one's hangs, if that is harmless. */
  hedge(): void;
  /**
   * Makes a second attempt as a trial, of a request that may be why the backend hangs; returns it if it was made.
   * @param on the backend to use; any if undefined
   */
  tryOut(on: BackendState | undefined, limits: TrialLimits): PendingAttempt | undefined;
}
