import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Probe } from './probe.ts';

/** A probe that never rejects. An exception in the probe is our own fault and says nothing about the backend. */
export function guardedProbe(probe: Probe): Probe {
  return async (address, check, question) => {
    try {
      return await probe(address, check, question);
    } catch (error) {
      internalErrors.report('probe', error);
      return { isPass: false, reason: 'the probe itself failed', isVoid: true };
    }
  };
}
