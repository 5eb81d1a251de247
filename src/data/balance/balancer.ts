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
  /** Above 0, at most 256; whole but for a backend that joined a moment ago. */
  readonly weight: number;
  /** Requests that it is serving now. */
  readonly inFlight: number;
  /** How long it takes to answer. Only measured where the balancer asks for it. */
  readonly latency: Latency;
  /** A hash of what identifies it, 32 bits. */
  readonly seed: number;
  /** Round-robin's account of whose turn it is; nobody else's. */
  turn: number;
}

/** The backends to choose from, made when availability changes and not for a request. */
export interface Candidates<T extends Weighted> {
  readonly list: readonly T[];
  /** All weights are the same. */
  readonly isUniform: boolean;
  readonly totalWeight: number;
}

/** Chooses one of the candidates; never sees one that is not available. Undefined only for an empty list. */
export interface Balancer {
  /** @param key a hash of what requests have in common that belong together; only `hash` asks for one */
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
  /** From 0 to below 1. */
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
