import type { Who } from './allow.ts';

/** Which containers are looked at, as `docker ps --filter` says it. */
export interface ContainerFilter {
  /** As the operator wrote it: `label=stage=prod`, `network!=internal`. */
  readonly text: string;
  readonly kind: Who;
  /** A value, of which `*` is any part; of a label `KEY` or `KEY=VALUE`. */
  readonly pattern: string;
  /** Those that fit are left out, rather than all others. */
  readonly isNot: boolean;
}
