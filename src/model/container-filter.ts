import type { Who } from './allow.ts';

/** A condition on the containers that are looked at, as in `docker ps --filter`. */
export interface ContainerFilter {
  /** The condition as the operator wrote it: `label=stage=prod`, `network!=internal`. */
  readonly text: string;
  readonly kind: Who;
  /** The wanted value, in which `*` stands for anything; for a label `KEY` or `KEY=VALUE`. */
  readonly pattern: string;
  /** Whether containers that fit are left out, and not all others. */
  readonly isNot: boolean;
}
