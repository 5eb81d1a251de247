/**
 * Why a backend takes no new requests. A backend without a flag is available, if it has a weight.
 * - `Pending`: it has not passed its first check, or Docker says that it is starting
 * - `FailedCheck`: its checks fail, or Docker says that it is unhealthy or paused
 * - `Draining`: it was told to stop, and finishes its requests
 * - `Maintenance`: a person took it out
 * - `Ejected`: requests failed on it
 */
export type HealthFlag = 'Pending' | 'FailedCheck' | 'Draining' | 'Maintenance' | 'Ejected';

/** What people read for each flag; JSON and metrics have its name. */
const WORDS: Readonly<Record<HealthFlag, string>> = {
  Pending: 'waiting for its first check',
  FailedCheck: 'failing its check',
  Draining: 'draining',
  Maintenance: 'in maintenance',
  Ejected: 'ejected',
};

/** Describes the state of a backend in words that complete "it is …". */
export function describeFlags(flags: readonly HealthFlag[]): string {
  return flags.length === 0 ? 'available' : flags.map((flag) => WORDS[flag]).join(', ');
}

export interface BackendHealth {
  readonly flags: readonly HealthFlag[];
  /** A sentence for people: why the flags are what they are. */
  readonly reason: string;
  /** Since when the flags are these, in milliseconds since the epoch. */
  readonly since: number;
  /** When a drain ends, in milliseconds since the epoch: requests that are not finished then are broken off. */
  readonly drainEndsAt?: number;
  /** The latest proof of a probe while requests spoke against the backend. */
  readonly proof?: Proof;
}

/** What the source of a backend, or a person, says of its health; checks are not in it. */
export type SaidHealth = Omit<BackendHealth, 'since'>;

/** What sources and people say of backends, by `Backend.id`; backends about which they say nothing are not in it. */
export type SourceHealth = Readonly<Record<string, SaidHealth>>;

/** A change of a backend's flags, in milliseconds since the epoch. */
export interface Transition {
  readonly at: number;
  readonly flags: readonly HealthFlag[];
  readonly reason: string;
}

/** What a probe can prove, the weakest first: that connections are accepted, that something answers, that a check passes. */
export const PROOFS = ['connection', 'life', 'check'] as const;
export type ProofKind = (typeof PROOFS)[number];

/** What a probe proved. */
export interface Proof {
  readonly kind: ProofKind;
  /** When the probe began, in milliseconds since the epoch: it outweighs only what requests saw before. */
  readonly at: number;
}

/** A first and a last status code, both included. */
export type StatusRange = readonly [from: number, to: number];

/** How a service's backends are probed. */
export interface HealthCheck {
  readonly type: 'http' | 'tcp' | 'none';
  readonly path: string;
  readonly method: string;
  /** The Host header of the probe; by default the backend's address. */
  readonly host?: string;
  /** The port to probe; by default the one that serves. */
  readonly port?: number;
  /** Statuses that pass. */
  readonly status: readonly StatusRange[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Passes in a row that bring a failed backend back. */
  readonly rise: number;
  /** Failures in a row that take a backend out. */
  readonly fall: number;
  /** `down`: no traffic before the first pass. */
  readonly start: 'up' | 'down';
}

export function inRanges(status: number, ranges: readonly StatusRange[]): boolean {
  for (const [from, to] of ranges) if (status >= from && status <= to) return true;
  return false;
}
