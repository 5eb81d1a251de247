import type { Expiring, Sweep } from '../sweep.ts';

/** The time limit of a whole exchange. Only made for services that have one. */
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
