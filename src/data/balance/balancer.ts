import type { BalanceName } from '../../model/service.ts';
import { Hash } from './hash.ts';
import type { Latency } from './latency.ts';
import { LeastConnections } from './least-connections.ts';
import { PeakEwma } from './peak-ewma.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';
import { TwoChoices } from './two-choices.ts';

/** What a balancer sees of a backend. */
export interface Weighted {
  /** Above 0, at most 256; a whole number except during a slow start. */
  readonly weight: number;
  /** The number of requests that the backend has now. */
  readonly inFlight: number;
  /** How long the backend takes to respond; measured only where the balancer goes by it. */
  readonly latency: Latency;
  /** A hash of 32 bits of what identifies the backend. */
  readonly seed: number;
  /** The account by which `RoundRobin` knows whose turn it is. */
  turn: number;
}

/** The backends to choose from. The list is made when availability changes and not for a request. */
export interface Candidates<T extends Weighted> {
  readonly list: readonly T[];
  /** Whether all weights are the same. */
  readonly isUniform: boolean;
  readonly totalWeight: number;
}

/** Picks one of the candidates, all of which are available; undefined only for an empty list. */
export interface Balancer {
  /** @param key a hash that requests that belong together have in common; only `hash` uses it */
  pick<T extends Weighted>(candidates: Candidates<T>, key: number): T | undefined;
}

export function makeCandidates<T extends Weighted>(list: readonly T[]): Candidates<T> {
  const first = list[0]?.weight;
  return {
    list,
    isUniform: list.every((backend) => backend.weight === first),
    totalWeight: list.reduce((sum, backend) => sum + backend.weight, 0),
  };
}

/** What balancers need besides the candidates. */
export interface BalanceContext {
  /** Returns a number from 0 to below 1. */
  readonly random: () => number;
  /** `Clock.elapsed`. */
  readonly elapsed: () => number;
}

export function makeBalancer(name: BalanceName, { random, elapsed }: BalanceContext): Balancer {
  switch (name) {
    case 'round-robin':
      return new RoundRobin();
    case 'random':
      return new Random(random);
    case 'least-connections':
      return new LeastConnections();
    case 'p2c':
      return new TwoChoices(random);
    case 'peak-ewma':
      return new PeakEwma(random, elapsed);
    case 'hash':
      return new Hash();
  }
}
