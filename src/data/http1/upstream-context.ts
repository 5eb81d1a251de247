import type { Timeouts } from '../../model/service.ts';
import type { GuardedEvents } from '../proxy/exchange.ts';
import type { Sweep } from '../sweep.ts';
import type { HangWatch } from '../upstream/hang.ts';
import type { HeadRules } from './head.ts';

export const NO_TIMEOUTS: Timeouts = { connectMs: 0, responseMs: 0, idleMs: 0, requestMs: 0 };

/** What all connections to backends share. */
export interface UpstreamContext {
  readonly sweep: Sweep;
  readonly watch: Pick<HangWatch, 'tick' | 'watch'>;
  readonly events: GuardedEvents;
  readonly rules: HeadRules;
  readonly maxHeaderSize: number;
}
