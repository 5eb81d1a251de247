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

/** What requests say against a backend, and the proof that outweighs it. */
export interface Charge {
  /** When it was raised, in milliseconds since the epoch. */
  readonly at: number;
  /**
   * The kind of proof that is needed at least. With `none` only time ends it: where requests failed again after a check
   * had passed, the check asks for something else than they do and is not believed twice.
   */
  readonly proof: ProofKind | 'none';
}

/** Requests took a backend out for a while. */
export interface EjectedSignal extends Charge {
  readonly kind: 'ejected';
  readonly backendId: string;
  readonly cause: EjectCause;
  /** A sentence for people. */
  readonly reason: string;
  readonly until: number;
}

/** What the data plane learned of a backend and tells the control plane. A plain value: it may come from another process. */
export type BackendSignal =
  /** A request failed on the backend: a probe would tell more. */
  | { readonly kind: 'doubt'; readonly backendId: string }
  /** The backend holds requests and is silent: a probe should tell whether it lives. */
  | { readonly kind: 'suspected'; readonly backendId: string; readonly at: number }
  | EjectedSignal
  /** The ejection or suspicion is over. */
  | { readonly kind: 'returned'; readonly backendId: string };

/** A check outweighs failed requests only if it began so long after them: what made them fail may come and go. */
const SETTLE_MS = 1_000;

/** Whether what a probe showed outweighs what requests saw. */
export function outweighs(proof: Proof, charge: Charge): boolean {
  // Equal times count: the probe that a charge asks for may begin within the same millisecond.
  if (charge.proof === 'none' || proof.at < charge.at) return false;
  if (PROOFS.indexOf(proof.kind) < PROOFS.indexOf(charge.proof)) return false;
  return charge.proof !== 'check' || proof.at - charge.at >= SETTLE_MS;
}
