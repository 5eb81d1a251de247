/** A silence shorter than this never makes a backend suspect. */
const FLOOR_TICKS = 4;
/** Nor does one that is less than so many times as long as its usual silences. */
const PATIENCE = 3;

/** How long a backend has been silent, and usually is while requests wait for it. Lengths are in ticks of the hang watch. */
export class Silence {
  /** How often something was read from any of its connections so far. */
  heard = 0;
  /** The longest that a response took which came since the last tick. */
  longestWait = 0;
  /** Whether the hang watch looks at it at each tick. */
  isWatched = false;
  /** The value of `heard` at the last tick. */
  seen = 0;
  /** The length of the present silence. */
  length = 0;
  /** The length of the longest silences that ended well lately. */
  usual = 0;
  /** How often a probe proved life during the present silence. */
  alarms = 0;
  /** When it became suspect, by `Clock.now`; 0 while it is not. */
  suspectedAt = 0;
  /** For how many ticks it has been suspect. */
  suspectedFor = 0;
  /** How many requests the next trial may have. */
  trialSize = 1;
  /** In how many ticks no backend was free for a trial. */
  trialWaits = 0;
  /** Paths of requests that went well in a trial. */
  readonly harmless = new Set<string>();

  /** A response has come, for which the client waited so many ticks. */
  responded(waited: number): void {
    if (waited > this.longestWait) this.longestWait = waited;
  }

  /** The backend was heard, which ends the silence. */
  end(): void {
    // Only the part of a silence counts during which a client waited.
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

  /** Whether a request may be the reason of the silence: one that was sent later than it began cannot be. */
  isSuspect(waited: number): boolean {
    return this.length - waited <= this.usual + 1;
  }

  /** The ticks after which a request is overdue. */
  get patience(): number {
    return Math.max(FLOOR_TICKS, Math.ceil(PATIENCE * this.usual));
  }

  /** The length of a silence from which on the backend is suspect; each proof of life during it doubles that. */
  get limit(): number {
    return this.patience * 2 ** this.alarms;
  }
}
