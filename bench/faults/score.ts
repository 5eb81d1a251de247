import type { Outcome } from '../../test/support/load.ts';
import { receivedTwice } from '../../test/support/received.ts';
import type { Score } from './experiment.ts';

/** A run as it happened; times are milliseconds since the epoch. */
export interface Recorded {
  readonly outcomes: readonly Outcome[];
  /** Ids by the backend that received them. */
  readonly received: ReadonlyMap<string, readonly string[]>;
  readonly victim: string;
  readonly beganAt: number;
  /** When the fault was in place. */
  readonly happenedAt: number;
  readonly endedAt: number;
  readonly hasRecovery: boolean;
  readonly expectedFailures: readonly string[];
}

/** A request that took longer than this was hurt: the application takes 5 ms. */
const HURT_MS = 100;
/** What the news of a fault may take. */
const NEWS_MS = 20;

/** Numbers of a run; pure. */
export function score(run: Recorded): Score {
  const { outcomes, received, victim, expectedFailures } = run;
  const isExpected = ({ failure }: Outcome) => failure !== undefined && expectedFailures.includes(failure);
  const counted = outcomes.filter((outcome) => !isExpected(outcome));
  const failed = counted.filter(({ failure }) => failure !== undefined);
  // What comes before warms up whoever has just been started.
  const measured = counted.filter(({ dueAt }) => dueAt >= run.beganAt);
  const latencies = measured.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))];
  return {
    sent: counted.length,
    failed: failed.length,
    kinds: countKinds(failed),
    expected: outcomes.length - counted.length,
    twice: receivedTwice(received).filter((id) => id.startsWith('POST')).length,
    late: failed.filter(({ dueAt }) => dueAt > run.happenedAt + NEWS_MS).length,
    p50: at(0.5) ?? Number.NaN,
    p99: at(0.99) ?? Number.NaN,
    slowest: latencies.at(-1) ?? Number.NaN,
    ejectMs: run.hasRecovery ? ejectMs(run, counted, new Set(received.get(victim))) : undefined,
    recoverMs: recoverMs(run),
  };
}

function countKinds(failed: readonly Outcome[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { failure = '' } of failed) kinds[failure] = (kinds[failure] ?? 0) + 1;
  return kinds;
}

function ejectMs({ beganAt, endedAt }: Recorded, counted: readonly Outcome[], reached: ReadonlySet<string>) {
  let last: number | undefined;
  for (const { id, dueAt, latencyMs, failure } of counted) {
    if (dueAt < beganAt || dueAt > endedAt) continue;
    if (failure === undefined && latencyMs < HURT_MS && !reached.has(id)) continue;
    last = Math.max(last ?? 0, dueAt - beganAt);
  }
  return last;
}

function recoverMs({ outcomes, endedAt, victim, hasRecovery }: Recorded): number | undefined {
  if (!hasRecovery) return undefined;
  const answered = outcomes.filter(({ backend, dueAt }) => backend === victim && dueAt >= endedAt);
  return answered.length === 0
    ? Number.POSITIVE_INFINITY
    : Math.min(...answered.map(({ dueAt }) => dueAt)) - endedAt;
}
