import type { Contribution } from '../../model/contribution.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Explained } from './workload.ts';

/** Something that knows which services exist. */
export interface Source {
  readonly name: string;
  /**
   * Publishes all that it knows, and again whenever that changes, until the signal aborts. Never gives up and never
   * throws: errors are part of the contribution.
   */
  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void;
  /**
   * Reports what became of a workload, even one that claims nothing. The subject is its name or the beginning of its id.
   * Never throws. Absent for sources whose contribution says all that there is to say.
   */
  explain?(subject: string): Explained;
}

const NOTHING: Explained = { reports: [], names: [] };

/** Wraps a source: the same name and explanations, but another `watch`. */
export function sourceWith(source: Source, watch: Source['watch']): Source {
  return {
    name: source.name,
    watch,
    explain(subject) {
      try {
        return source.explain?.(subject) ?? NOTHING;
      } catch (error) {
        // Other sources may know the workload, so the question goes on to them.
        internalErrors.report('source', error);
        return NOTHING;
      }
    },
  };
}
