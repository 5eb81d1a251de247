import type { Clock } from '../model/clock.ts';
import { EMPTY_KEYRING } from '../model/keyring.ts';
import type { Settings } from './settings.ts';
import { Sweep } from './sweep.ts';

/** The objects that all parts of a data plane share. */
export class Runtime {
  readonly clock: Clock;
  readonly sweep: Sweep;
  /** The name of this Fairlead in the Via of requests, by which it notices those that come back. */
  readonly instance: string;
  /** The present settings. They are replaced as a whole when options change, so they must be read here each time. */
  settings: Settings;
  /** Where clients may connect by https; undefined where they may not. */
  httpsPort: number | undefined = undefined;
  /** The present keyring, which is replaced as a whole. */
  keyring = EMPTY_KEYRING;

  constructor(clock: Clock, instance: string, settings: Settings) {
    this.clock = clock;
    this.sweep = new Sweep(clock);
    this.instance = instance;
    this.settings = settings;
  }
}
