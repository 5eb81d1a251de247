import type { Admission } from '../listener/admission.ts';
import type { Intake } from '../listener/intake.ts';
import type { Exchanges } from '../proxy/exchanges.ts';
import type { Settings } from '../settings.ts';
import type { Sweep } from '../sweep.ts';

/** What all client connections share. */
export interface ServerContext {
  /** The settings that hold now. */
  readonly settings: Settings;
  readonly sweep: Sweep;
  readonly intake: Intake;
  readonly clients: Pick<Admission, 'admit' | 'delete' | 'isStopping'>;
  readonly exchanges: Pick<Exchanges, 'open' | 'clientFailed' | 'refused' | 'broke'>;
  /** The name of this Fairlead in the Via of requests. */
  readonly instance: string;
  /** `Clock.elapsed`. */
  elapsed(): number;
}
