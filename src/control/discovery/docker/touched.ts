import type { Clock } from '../../../model/clock.ts';
import { Coalescer } from './coalescer.ts';
import { LAG_MS } from './recent-events.ts';

/** Asks for containers that had events: at once, and once more when the Engine's list has caught up. */
export class Touched {
  readonly #clock: Clock;
  readonly #now: Coalescer;
  readonly #rechecks = new Map<string, () => void>();

  /** @param ask never rejects */
  constructor(clock: Clock, ask: (containerIds: readonly string[]) => Promise<void>) {
    this.#clock = clock;
    this.#now = new Coalescer(clock, ask);
  }

  add(containerId: string): void {
    this.#now.add(containerId);
    this.#rechecks.get(containerId)?.();
    const cancel = this.#clock.after(LAG_MS, () => {
      this.#rechecks.delete(containerId);
      this.#now.add(containerId);
    });
    this.#rechecks.set(containerId, cancel);
  }

  /** Asks for containers only once. */
  ask(containerIds: Iterable<string>): void {
    this.#now.add(...containerIds);
  }

  stop(): void {
    this.#now.stop();
    for (const cancel of this.#rechecks.values()) cancel();
    this.#rechecks.clear();
  }
}
