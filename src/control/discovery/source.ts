import type { Contribution } from '../../model/contribution.ts';

/** Something that knows which services exist. */
export interface Source {
  readonly name: string;
  /**
   * Publishes all it knows, again whenever that changed, until the signal aborts. It never gives up and never
   * throws: what goes wrong is part of the contribution.
   */
  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void;
}
