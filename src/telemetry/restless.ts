import type { Clock } from '../model/clock.ts';
import type { Difference } from '../model/snapshot.ts';
import { grouped } from '../model/text.ts';

/** How many changes of a subject in a minute get a line each: enough for three replacements. */
const MAX_LINES = 6;
const MINUTE_MS = 60_000;
/** After so many minutes without a change a subject is at rest: Docker waits for up to one between two restarts. */
const REST = 2;
/** How many restless subjects get a line in a minute; of the others only the number is told. */
const MAX_TOLD = 50;
/** How many subjects are counted in a minute; the changes of any further ones are all logged. */
const MAX_COUNTED = 20_000;

interface Counted {
  changes: number;
  /** The line of the latest change, if it was not logged. */
  untold: string | undefined;
}

/**
 * Logs changes, and of a subject that changes all the time one line a minute, with how often it changed and how it is
 * now: a container that crashes and is restarted would fill the log. Once it rests, each change gets its line again.
 */
export class Restless {
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  /** The changes of this minute, by `Difference.subject`. */
  #counted = new Map<string, Counted>();
  /** The restless subjects, each with the minutes without a change that are left until it is at rest. */
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
