import type { Machine } from '../results.ts';

export interface MemoryResults {
  readonly date: string;
  readonly machine: Machine;
  readonly connections: number;
  /** Of one idle connection, in bytes: of Fairlead, and of a server that is nothing but Node's sockets. */
  readonly perConnection: number;
  readonly perBareConnection: number;
  readonly requests: number;
  /** Growth of the resident memory over the second half of the requests, in bytes for each million. */
  readonly slope: number;
}
