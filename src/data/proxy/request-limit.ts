import type { Expiring, Sweep } from '../sweep.ts';

/** Ends an exchange that takes too long as a whole. Only made where a service asks for such a limit. */
export class RequestLimit implements Expiring {
  readonly deadline: number;
  readonly expire: () => void;
  readonly #sweep: Sweep;

  constructor(sweep: Sweep, limitMs: number, expire: () => void) {
    this.#sweep = sweep;
    this.deadline = sweep.deadlineIn(limitMs);
    this.expire = expire;
    sweep.add(this);
  }

  cancel(): void {
    this.#sweep.delete(this);
  }
}
