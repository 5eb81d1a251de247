import type { HealthCheck } from './health.ts';

/**
 * Why requests took a backend out.
 * - `connect`: it refused a connection, or none stood in time
 * - `reset`: it broke off before its response was whole, or sent something that is none
 * - `timeout`: it did not answer in time
 * - `status`: it answered a status that the retry policy names
 */
export const EJECT_CAUSES = ['connect', 'reset', 'timeout', 'status'] as const;
export type EjectCause = (typeof EJECT_CAUSES)[number];

/**
 * What ends an ejection before its time: a probe that connects, one that is answered, or nothing. A check that
 * passes where requests fail asks for something else than they do, so it is not believed twice.
 */
export type EjectProof = 'connection' | 'answer' | 'none';

/** What the data plane learned of a backend and tells the control plane. Plain values: it may come from another process. */
export type BackendSignal =
  /** A request failed on it: a probe would tell more. */
  | { readonly kind: 'doubt'; readonly backendId: string }
  /** It gets no new requests until then, in milliseconds since the epoch, unless a probe speaks for it before. */
  | {
      readonly kind: 'ejected';
      readonly backendId: string;
      readonly cause: EjectCause;
      /** A sentence for people. */
      readonly reason: string;
      /** When it began. */
      readonly at: number;
      readonly until: number;
      readonly proof: EjectProof;
    }
  /** It gets requests again. */
  | { readonly kind: 'returned'; readonly backendId: string };

/** So long after requests failed an answer to a probe is believed: what made them fail may come and go. */
const SETTLE_MS = 1_000;

/** Whether a check that passed outweighs what requests saw. Both times are in milliseconds since the epoch. */
export function outweighs(
  check: HealthCheck,
  beganAt: number,
  ejection: { readonly proof: EjectProof; readonly at: number },
): boolean {
  // The probe that an ejection asks for begins within the same millisecond.
  if (beganAt < ejection.at) return false;
  if (ejection.proof === 'connection') return true;
  return ejection.proof === 'answer' && check.type === 'http' && beganAt - ejection.at >= SETTLE_MS;
}
