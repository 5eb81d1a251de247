import type { Clock } from '../../src/model/clock.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that stands still until a test moves it. */
export class FakeClock implements Clock {
  #elapsed = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return 1_700_000_000_000 + this.#elapsed;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { at: this.#elapsed + delayMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Moves time, and lets promises settle between the timers that become due, each at its own time. */
  async advance(ms: number): Promise<void> {
    const end = this.#elapsed + ms;
    for (;;) {
      await settle();
      const due = this.#first();
      if (due === undefined || due.at > end) break;
      this.#elapsed = Math.max(this.#elapsed, due.at);
      this.#timers.delete(due);
      due.run();
    }
    this.#elapsed = end;
    await settle();
  }

  /** Loses time: what became due meanwhile runs once time goes on, late. */
  skip(ms: number): void {
    this.#elapsed += ms;
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** The timer that is due before all others, of those due at the same time the oldest. */
  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (first === undefined || timer.at < first.at) first = timer;
    return first;
  }
}

/** Lets everything run that only waits for its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    const turn = (left: number) => (left === 0 ? resolve() : setImmediate(turn, left - 1));
    turn(5);
  });
}
