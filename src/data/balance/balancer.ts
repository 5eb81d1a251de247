import type { BalanceName } from '../../model/service.ts';
import { LeastConnections } from './least-connections.ts';
import { Random } from './random.ts';
import { RoundRobin } from './round-robin.ts';

/** What a balancer sees of a backend. */
export interface Weighted {
  /** 1 to 256. */
  readonly weight: number;
  /** Requests that it is serving now. */
  readonly inFlight: number;
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
  pick<T extends Weighted>(candidates: Candidates<T>): T | undefined;
}

export function makeCandidates<T extends Weighted>(list: readonly T[]): Candidates<T> {
  const first = list[0]?.weight;
  return {
    list,
    isUniform: list.every((backend) => backend.weight === first),
    totalWeight: list.reduce((sum, backend) => sum + backend.weight, 0),
  };
}

/** @param random from 0 to below 1 */
export function makeBalancer(name: BalanceName, random: () => number): Balancer {
  switch (name) {
    case 'round-robin':
      return new RoundRobin();
    case 'random':
      return new Random(random);
    case 'least-connections':
      return new LeastConnections();
  }
}
