import type { Machine } from '../results.ts';

/** What one proxy did in one case: medians of the rounds. Times are in milliseconds. */
export interface Row {
  readonly proxy: string;
  readonly requestsPerSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** Of the proxy and its children for a request, user and system time, in microseconds. */
  readonly cpu: number;
  /** Resident at the end, in bytes. */
  readonly memory: number;
  readonly errors: number;
}

export interface CaseResult {
  readonly name: string;
  readonly date: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly rows: readonly Row[];
}

export interface HttpResults {
  readonly machine: Machine;
  readonly generator: string;
  readonly backend: string;
  /** By proxy. */
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly CaseResult[];
}
