import type { Charge, EjectCause } from '../../model/signal.ts';

/**
 * Why a backend gets no new requests, when requests decided that. The states of a backend in the eyes of its requests:
 *
 * ```text
 *         failed requests, or it asked for a rest (503 with Retry-After)
 *       +------------------------------------------------------------------+
 *       |                                                                  v
 *   available -- silent while requests wait --> suspected -- no proof -> ejected <----+
 *    ^  ^  ^                                        |      of life in      |          |
 *    |  |  +-- heard, or a probe proves life -------+      time            |          | fails
 *    |  |                                                time is over, a   |          | again
 *    |  +-- trial begins --> lent -- trial is over --+   proof, or heard   v          |
 *    |  +--------------------------------------------+               on probation ----+
 *    |                                                                     |
 *    +------------------------- a request goes well -----------------------+
 * ```
 *
 * On probation a backend serves like an available one; a suspected one keeps the clients that it has. Flags
 * (`BackendState.flags`) come from the control plane and are apart from this: a flagged backend gets no new requests
 * in any of these states.
 */
export interface Ejection extends Charge {
  /**
   * - `suspected`: it seems to hang; a moment later it is heard, or ejected
   * - `lent`: it tries a request that may keep it from all others, and gets no other until the trial is over
   * - `ejected`: requests took it out
   */
  readonly state: 'suspected' | 'lent' | 'ejected';
  readonly cause: EjectCause;
  /** When it ends at the latest, in the sweep's milliseconds. */
  readonly until: number;
}

/** The longest ejection, unless the service's first is longer; after so long without one the next is a first again. */
export const LONGEST_MS = 60_000;

/** The shortest time between two doubts about a backend: one that fails under load is not probed more often. */
const DOUBT_MS = 100;

/** What is remembered of a backend's ejections. Times are `Clock.elapsed`. */
export class EjectionHistory {
  #count = 0;
  #endedAt = Number.NEGATIVE_INFINITY;
  #doubtedAt = Number.NEGATIVE_INFINITY;

  /** Counts an ejection that begins now; returns how long it lasts, which doubles with each one that follows soon. */
  begin(now: number, firstMs: number): number {
    if (now - this.#endedAt > LONGEST_MS) this.#count = 0;
    const lasts = Math.min(firstMs * 2 ** this.#count, Math.max(LONGEST_MS, firstMs));
    this.#count++;
    return lasts;
  }

  /** Whether the present ejection is the first in a row. */
  get isFirst(): boolean {
    return this.#count === 1;
  }

  end(now: number): void {
    this.#endedAt = now;
  }

  /** Whether a doubt may be told now; true counts as told. */
  mayDoubt(now: number): boolean {
    if (now - this.#doubtedAt < DOUBT_MS) return false;
    this.#doubtedAt = now;
    return true;
  }
}

export function isLent({ ejection }: { readonly ejection: Ejection | undefined }): boolean {
  return ejection?.state === 'lent';
}
