import type { Machine } from '../results.ts';

export interface ScaleResults {
  readonly date: string;
  readonly machine: Machine;
  /** Of one match, in nanoseconds: with one route, and with 10,000. */
  readonly matchNs: readonly [one: number, many: number];
  /** From the start to the snapshot with all containers, and until all are known to be healthy. */
  readonly listedMs: number;
  readonly healthyMs: number;
  /** From an event of Docker to the change of routing, and for how long it kept everything else waiting. */
  readonly changeMs: number;
  readonly blockedMs: number;
  /** Of a small GET at a tenth of the load: without and with a change each half second. */
  readonly p99Ms: readonly [quiet: number, changing: number];
  /** Share of a core, in percent, at the default interval. */
  readonly checksPercent: number;
  readonly memoryMb: number;
}
