import type { Machine } from '../results.ts';

export interface MemoryResults {
  readonly date: string;
  readonly machine: Machine;
  readonly connections: number;
  /**
   * Of one idle connection, in bytes: of Fairlead, and of a server that is nothing but Node's sockets, both with a young
   * generation of fixed size.
   */
  readonly perConnection: number;
  readonly perBareConnection: number;
  /** Of Fairlead with the young generation of V8 growing as it does in a process that has done nothing yet. */
  readonly perConnectionAtFirst: number;
  readonly requests: number;
  /** Growth over the second half of the requests, in bytes for each million: of the resident memory… */
  readonly slope: number;
  /** …and of what is alive in the heap. */
  readonly heapSlope?: number;
}
