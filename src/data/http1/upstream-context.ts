import type { GuardedEvents } from '../proxy/exchange.ts';
import type { Sweep } from '../sweep.ts';
import type { HangWatch } from '../upstream/hang.ts';
import type { HeadRules } from './head.ts';

/** What all connections to backends share. */
export interface UpstreamContext {
  readonly sweep: Sweep;
  readonly watch: Pick<HangWatch, 'tick' | 'watch'>;
  readonly events: GuardedEvents;
  readonly rules: HeadRules;
  readonly maxHeaderSize: number;
}
