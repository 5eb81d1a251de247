import type { GuardedEvents } from '../proxy/exchange.ts';
import type { Settings } from '../settings.ts';
import type { Sweep } from '../sweep.ts';
import type { HangWatch } from '../upstream/hang.ts';

/** What all connections to backends share. */
export interface UpstreamContext {
  readonly sweep: Sweep;
  readonly watch: Pick<HangWatch, 'tick' | 'watch'>;
  readonly events: GuardedEvents;
  readonly settings: Settings;
}
