import type { Clock } from '../../model/clock.ts';
import type { Proof } from '../../model/health.ts';
import type { BackendSignal } from '../../model/signal.ts';
import type { Sweep } from '../sweep.ts';
import type { BackendState } from './backend-state.ts';
import { Ejector } from './ejector.ts';
import { HangWatch } from './hang.ts';
import type { ServiceState } from './service-state.ts';

/** The two that judge backends by their requests: one by failures, one by silence. */
export class Judges {
  readonly ejector: Ejector;
  readonly watch: HangWatch;

  constructor(sweep: Sweep, clock: Clock, onSignal: (signal: BackendSignal) => void) {
    this.ejector = new Ejector(sweep, clock, onSignal);
    this.watch = new HangWatch(clock, this.ejector, onSignal);
  }

  /** A probe of the backend proved something. */
  takeProof(service: ServiceState, backend: BackendState, proof: Proof): void {
    this.watch.takeProof(backend, proof);
    this.ejector.takeProof(service, backend, proof);
  }

  /** The service's backends or their flags changed. */
  enforce(service: ServiceState): void {
    this.ejector.enforce(service);
  }
}
