import { type Balancer, makeBalancer, type Weighted } from '../../src/data/balance/balancer.ts';
import { hashText } from '../../src/data/balance/hash.ts';
import { Latency } from '../../src/data/balance/latency.ts';
import type { BalanceName } from '../../src/model/service.ts';
import { FakeClock } from './clock.ts';
import { seededRandom } from './random.ts';

/** A backend as balancers see it. */
export interface Member extends Weighted {
  readonly name: string;
  weight: number;
  inFlight: number;
}

export const makeMember = (name: string, weight = 1, inFlight = 0): Member => ({
  name,
  weight,
  inFlight,
  turn: 0,
  seed: hashText(name),
  latency: new Latency(),
});

export const makeMembers = (count: number, weight = 1): Member[] =>
  Array.from({ length: count }, (_, i) => makeMember(`m${i}`, weight));

/** A balancer with seeded chance and a clock that stands still. */
export const seededBalancer = (name: BalanceName, seed = 42, clock = new FakeClock()): Balancer =>
  makeBalancer(name, { random: seededRandom(seed), elapsed: () => clock.elapsed() });

/** Keys as different as those of different clients. */
export const clientKey = (i: number): number => hashText(`10.0.${i >> 8}.${i & 255}`);
