/** A backend is never suspected before this. */
const FLOOR_TICKS = 4;
/** Nor before it is silent for so many times as long as it lately was while requests waited. */
const PATIENCE = 3;

/** How silent a backend is, and usually is while requests wait for it; lengths in ticks. */
export class Silence {
  /** Reads from its connections so far. */
  heard = 0;
  /** The longest wait for a response that came since the last tick. */
  longestWait = 0;
  isWatched = false;
  /** Reads when it was last looked at. */
  seen = 0;
  length = 0;
  usual = 0;
  /** How often a probe spoke for it since it was last heard. */
  alarms = 0;
  /** `Clock.now` when the suspicion arose that it hangs; 0 without one. */
  suspectedAt = 0;
  suspectedFor = 0;
  /** Requests that may be tried elsewhere at one time, of those that may be what it is silent over. */
  trialSize = 1;
  /** Ticks in which nobody was free for them. */
  trialWaits = 0;
  /** Paths of such that another backend has answered meanwhile. */
  readonly harmless = new Set<string>();

  /** A response has come that was waited for so many ticks. */
  answered(waited: number): void {
    if (waited > this.longestWait) this.longestWait = waited;
  }

  /** It has been heard: what was silence is over. */
  end(): void {
    // Of a silence, only what somebody waited through counts.
    const gap = Math.min(this.length, this.longestWait);
    if (gap > this.usual) this.usual = gap;
    this.seen = this.heard;
    this.length = 0;
    this.longestWait = 0;
    this.alarms = 0;
    this.suspectedAt = 0;
    this.trialSize = 1;
    this.trialWaits = 0;
    this.harmless.clear();
  }

  /** Whether a request that has waited so long was sent when it could still be what made it silent. */
  isSuspect(waited: number): boolean {
    return this.length - waited <= this.usual + 1;
  }

  /** How long a request must have waited to be overdue. */
  get patience(): number {
    return Math.max(FLOOR_TICKS, Math.ceil(PATIENCE * this.usual));
  }

  /** From when on it is suspect. */
  get limit(): number {
    return this.patience * 2 ** this.alarms;
  }
}
