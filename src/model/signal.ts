import { PROOFS, type Proof, type ProofKind } from './health.ts';

/**
 * Why requests took a backend out.
 * - `connect`: it refused a connection, or none stood in time
 * - `reset`: it broke off before its response was whole, or sent something that is none
 * - `timeout`: it did not answer in time
 * - `status`: it answered a status that the retry policy names
 * - `hang`: it holds requests and sends nothing at all
 * - `retry-after`: it answered 503 and said when to come again
 */
export const EJECT_CAUSES = ['connect', 'reset', 'timeout', 'status', 'hang', 'retry-after'] as const;
export type EjectCause = (typeof EJECT_CAUSES)[number];

/** What requests say against a backend, and what outweighs that. */
export interface Charge {
  /** When it was raised, in milliseconds since the epoch. */
  readonly at: number;
  /**
   * `none`: only time does. A check that passes where requests fail asks for something else than they do, so it is
   * not believed twice.
   */
  readonly proof: ProofKind | 'none';
}

/** A backend gets no new requests for a while. */
export interface EjectedSignal extends Charge {
  readonly kind: 'ejected';
  readonly backendId: string;
  readonly cause: EjectCause;
  /** A sentence for people. */
  readonly reason: string;
  readonly until: number;
}

/** What the data plane learned of a backend and tells the control plane. Plain values: it may come from another process. */
export type BackendSignal =
  /** A request failed on it: a probe would tell more. */
  | { readonly kind: 'doubt'; readonly backendId: string }
  /** It holds requests and is silent: does it live? */
  | { readonly kind: 'suspected'; readonly backendId: string; readonly at: number }
  | EjectedSignal
  /** It gets requests again. */
  | { readonly kind: 'returned'; readonly backendId: string };

/** So long after requests failed a check that passes is believed: what made them fail may come and go. */
const SETTLE_MS = 1_000;

/** Whether what a probe showed outweighs what requests saw. */
export function outweighs(proof: Proof, charge: Charge): boolean {
  // The probe that is asked for at once begins within the same millisecond.
  if (charge.proof === 'none' || proof.at < charge.at) return false;
  if (PROOFS.indexOf(proof.kind) < PROOFS.indexOf(charge.proof)) return false;
  return charge.proof !== 'check' || proof.at - charge.at >= SETTLE_MS;
}
