/** Time as a value that is passed in, so that tests decide when it moves. */
export interface Clock {
  /** Milliseconds since the epoch: for people. */
  now(): number;
  /** Milliseconds since some moment; never goes back: for durations. */
  elapsed(): number;
  /** Calls `run` once after `delayMs`; the answer cancels it. Never keeps the process alive. */
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
