/** A clock that is passed in, so that tests decide when time moves. The guide in docs/architecture.md says when to use which. */
export interface Clock {
  /** The time in milliseconds since the epoch, which may jump: for what people read. */
  now(): number;
  /** Milliseconds since some moment; never goes back: for durations. */
  elapsed(): number;
  /** Calls `run` once after `delayMs`; returns a function that cancels it. Never keeps the process alive. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
