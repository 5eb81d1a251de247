import type { RunningProxy } from './contender.ts';
import type { Fleet } from './fleet.ts';

/** What an experiment acts on. */
export interface Scene {
  readonly fleet: Fleet;
  readonly proxy: RunningProxy;
  /** Says that the fault is in place: who fails requests from now on does so knowingly. */
  happened(): void;
  /** Adds a fact to the report, which no number tells. */
  note(text: string): void;
}

export type Method = 'GET' | 'POST';

/** A fault, what it happens to, and what is expected. */
export interface Experiment {
  /** Unique; begins with its number. */
  readonly id: string;
  readonly name: string;
  /** What happens, for someone who wants to do it by hand. */
  readonly what: string;
  readonly methods: readonly Method[];
  /** Requests in a second; the rate of the run without it. */
  readonly rate?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Proxies are told to try again elsewhere after a 5xx. */
  readonly retriesStatuses?: boolean;
  /** Most file descriptors of the proxy. */
  readonly files?: number;
  /** Processes of the proxy that carry traffic, 1 without it. */
  readonly workers?: number;
  /** Names of the proxies that can take part; all without it. */
  readonly contenders?: readonly string[];
  /** The load lasts so long after the end of the fault, in ms. */
  readonly settleMs?: number;
  /** The fault from its begin up to its end. */
  fault(scene: Scene): Promise<void>;
  /** What ends it: the clock of the recovery starts before. Without it nobody has to recover. */
  recovery?(scene: Scene): Promise<void>;
  /** Failures that are no lost request here, with the reason in `what`. */
  readonly expected?: readonly string[];
  /** What must hold for Fairlead. */
  readonly goals?: readonly Goal[];
}

/** A sentence, and whether a result keeps it. */
export interface Goal {
  readonly method?: Method;
  readonly text: string;
  isMet(score: Score): boolean;
}

/** What a run comes to. */
export interface Score {
  readonly sent: number;
  readonly failed: number;
  /** Failed requests by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Failures that the experiment expects, and does not count. */
  readonly expected: number;
  /** POSTs that were executed more than once. */
  readonly twice: number;
  /** Failed requests that were sent when the fault was known: the others were in flight when it came. */
  readonly late: number;
  readonly p50: number;
  readonly p99: number;
  readonly slowest: number;
  /** From the begin of the fault to the last request that it hurt or that went to the faulty backend, in ms. */
  readonly ejectMs: number | undefined;
  /** From the end of the fault to the first answer of the backend that had it, in ms. */
  readonly recoverMs: number | undefined;
}

export const ms = (duration: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, duration));
