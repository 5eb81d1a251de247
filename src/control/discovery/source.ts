import type { Contribution } from '../../model/contribution.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import type { Explained } from './workload.ts';

/** Something that knows which services exist. */
export interface Source {
  readonly name: string;
  /**
   * Publishes all it knows, again whenever that changed, until the signal aborts. It never gives up and never
   * throws: what goes wrong is part of the contribution.
   */
  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void;
  /**
   * What became of the workload that a person means by its name or the beginning of its id, also of one that claims
   * nothing. Never throws. Absent where all that there is to say is in the contribution.
   */
  explain?(subject: string): Explained;
}

const NOTHING: Explained = { reports: [], names: [] };

/** The same source with something between it and whoever watches it. */
export function sourceWith(source: Source, watch: Source['watch']): Source {
  return {
    name: source.name,
    watch,
    explain(subject) {
      try {
        return source.explain?.(subject) ?? NOTHING;
      } catch (error) {
        // The others may know it.
        internalErrors.report('source', error);
        return NOTHING;
      }
    },
  };
}
