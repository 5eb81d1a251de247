import type { Clock } from '../model/clock.ts';
import type { Difference } from '../model/snapshot.ts';
import { grouped } from '../model/text.ts';

/** Changes of one thing in a minute that are told line by line: enough to be replaced three times. */
const MAX_LINES = 6;
const MINUTE_MS = 60_000;
/** Minutes without a change until a thing is at rest: Docker waits for up to one before it restarts a container again. */
const REST = 2;
/** Restless things that are told of one by one. */
const MAX_TOLD = 50;
/** Things that are counted in a minute; changes of others are all told. */
const MAX_COUNTED = 20_000;

interface Counted {
  changes: number;
  /** The latest that was not told. */
  untold: string | undefined;
}

/**
 * What changes all the time is told once a minute, with how often and how it is now: a container that crashes and is
 * restarted would fill the log. It is told line by line again once it rests.
 */
export class Restless {
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  /** By `Difference.subject`, in this minute. */
  #counted = new Map<string, Counted>();
  /** Those that are restless, and for how many minutes without a change they still are. */
  #restless = new Map<string, number>();
  #isCounting = false;

  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  write({ subject, line }: Difference): void {
    if (!this.#isCounting) {
      this.#isCounting = true;
      this.#clock.after(MINUTE_MS, () => this.#sumUp());
    }
    const known = this.#counted.get(subject);
    const counted = known ?? { changes: 0, untold: undefined };
    if (known === undefined && this.#counted.size < MAX_COUNTED) this.#counted.set(subject, counted);
    counted.changes++;
    const isTold = counted.changes <= MAX_LINES && !this.#restless.has(subject);
    counted.untold = isTold ? undefined : line;
    if (isTold) this.#log(line);
  }

  #sumUp(): void {
    const restless = new Map<string, number>();
    for (const [subject, left] of this.#restless) if (left > 1) restless.set(subject, left - 1);
    let told = 0;
    for (const [subject, { changes, untold }] of this.#counted) {
      if (untold === undefined) continue;
      restless.set(subject, REST);
      if (++told > MAX_TOLD) continue;
      const times = changes === 1 ? 'once' : `${changes} times`;
      this.#log(`${subject} comes and goes: it changed ${times} in the last minute, at last ${untold}`);
    }
    const more = told - MAX_TOLD;
    if (more > 0) this.#log(`${grouped(more)} more come and go: see fairlead status`);
    this.#restless = restless;
    this.#counted = new Map();
    this.#isCounting = restless.size > 0;
    if (this.#isCounting) this.#clock.after(MINUTE_MS, () => this.#sumUp());
  }
}
