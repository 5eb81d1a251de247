import type { Clock } from '../model/clock.ts';
import type { Settings } from './settings.ts';
import { Sweep } from './sweep.ts';

/** What all parts of a data plane share. */
export class Runtime {
  readonly clock: Clock;
  readonly sweep: Sweep;
  /** Its name in the Via of requests, by which it knows those that come back. */
  readonly instance: string;
  /** Swapped as a whole when options change: whoever needs it asks for it each time. */
  settings: Settings;

  constructor(clock: Clock, instance: string, settings: Settings) {
    this.clock = clock;
    this.sweep = new Sweep(clock);
    this.instance = instance;
    this.settings = settings;
  }
}
