/**
 * Why a backend takes no new requests. A backend without a flag is available.
 * - `Pending`: it has not passed its first check, or Docker says that it is starting
 * - `FailedCheck`: its checks fail, or Docker says that it is unhealthy or paused
 * - `Draining`: it was told to stop and finishes what it has
 * - `Maintenance`: a person took it out
 * - `Ejected`: requests failed on it
 */
export type HealthFlag = 'Pending' | 'FailedCheck' | 'Draining' | 'Maintenance' | 'Ejected';

/** What people read in place of a flag, everywhere but in JSON and metrics, which have its name. */
const WORDS: Readonly<Record<HealthFlag, string>> = {
  Pending: 'waiting for its first check',
  FailedCheck: 'failing its check',
  Draining: 'draining',
  Maintenance: 'in maintenance',
  Ejected: 'ejected',
};

/** The state of a backend in words that complete "it is …". */
export function describeFlags(flags: readonly HealthFlag[]): string {
  return flags.length === 0 ? 'available' : flags.map((flag) => WORDS[flag]).join(', ');
}

export interface BackendHealth {
  readonly flags: readonly HealthFlag[];
  /** A sentence for people: why the flags are what they are. */
  readonly reason: string;
  /** Since when the flags are so, in milliseconds since the epoch. */
  readonly since: number;
  /** When it has drained for long enough, in milliseconds since the epoch: what it still has then is cut. */
  readonly cutAt?: number;
  /** The last probe that spoke for it when requests spoke against it. */
  readonly proof?: Proof;
}

/** What somebody but its checks knows of a backend's health: its source, or a person. */
export type SaidHealth = Omit<BackendHealth, 'since'>;

/** What sources and people say of backends, by `Backend.id`; those against whom nothing is said are not in it. */
export type SourceHealth = Readonly<Record<string, SaidHealth>>;

/** What a backend's flags were from a time on, in milliseconds since the epoch. */
export interface Transition {
  readonly at: number;
  readonly flags: readonly HealthFlag[];
  readonly reason: string;
}

/** What probes can show: that connections come about, that something answers, that a check passes. */
export const PROOFS = ['connection', 'life', 'check'] as const;
export type ProofKind = (typeof PROOFS)[number];

/** What a probe showed. */
export interface Proof {
  readonly kind: ProofKind;
  /** When the probe began, in milliseconds since the epoch: what requests saw before no longer counts. */
  readonly at: number;
}

/** A first and a last status code, both included. */
export type StatusRange = readonly [from: number, to: number];

/** How a service's backends are probed. */
export interface HealthCheck {
  readonly type: 'http' | 'tcp' | 'none';
  readonly path: string;
  readonly method: string;
  /** The Host header of the probe; the backend's address without it. */
  readonly host?: string;
  /** Another port than the one that serves. */
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
