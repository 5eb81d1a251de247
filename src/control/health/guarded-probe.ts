import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Probe } from './probe.ts';

/** A probe that breaks says nothing of the backend: it is our own fault. */
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
