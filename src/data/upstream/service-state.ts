import type { Clock } from '../../model/clock.ts';
import type { Service } from '../../model/service.ts';
import { durationBucket, makeServiceStats, type ServiceStats } from '../../model/stats.ts';
import { type Balancer, type Candidates, makeBalancer, makeCandidates } from '../balance/balancer.ts';
import { type KeyOf, type KeySource, makeKeyOf } from '../balance/key.ts';
import { Random } from '../balance/random.ts';
import type { BackendState } from './backend-state.ts';

/** The mutable twin of a `Service`: its choice of backends, kept ready between requests. */
export class ServiceState {
  service: Service;
  backends: readonly BackendState[] = [];
  readonly stats: ServiceStats = makeServiceStats();
  /** How long backends take to answer decides: it must be measured. */
  isTimed = false;
  readonly #random: () => number;
  readonly #elapsed: () => number;
  #balancer: Balancer;
  readonly #chance: Balancer;
  /** Only for a balancer that goes by a key. */
  #keyOf: KeyOf | undefined = undefined;
  #primaries: Candidates<BackendState> = makeCandidates([]);
  #backups: Candidates<BackendState> = makeCandidates([]);

  /** @param random from 0 to below 1 */
  constructor(service: Service, clock: Clock, random: () => number) {
    this.service = service;
    this.#random = random;
    this.#elapsed = () => clock.elapsed();
    this.#balancer = this.#makeBalancer(service);
    this.#chance = new Random(random);
  }

  /** Takes a new policy or other backends; what it counted and whose turn it is stays. */
  update(service: Service, backends: readonly BackendState[]): void {
    if (service.balance !== this.service.balance) this.#balancer = this.#makeBalancer(service);
    this.isTimed = service.balance === 'peak-ewma';
    this.#keyOf = service.balance === 'hash' ? makeKeyOf(service.hash ?? { by: 'client' }) : undefined;
    this.service = service;
    this.backends = backends;
    this.refresh();
  }

  /** Some backend's availability changed. */
  refresh(): void {
    const available = this.backends.filter((state) => state.isAvailable);
    this.#primaries = makeCandidates(available.filter((state) => !state.backend.backup));
    this.#backups = makeCandidates(available.filter((state) => state.backend.backup));
  }

  /** A backend for a new request: a primary, or a backup when there is none. */
  pick(request: KeySource): BackendState | undefined {
    const candidates = this.#primaries.list.length > 0 ? this.#primaries : this.#backups;
    return this.#balancer.pick(candidates, this.#keyOf === undefined ? 0 : this.#keyOf(request));
  }

  /**
   * A backend that is not among those that were tried. By the key if there is one, else by chance: turns taken over
   * what remains after a failure would always give the load of the failed one to the same neighbour.
   */
  pickOther(tried: readonly BackendState[], request: KeySource): BackendState | undefined {
    for (const candidates of [this.#primaries, this.#backups]) {
      const rest = candidates.list.filter((state) => !tried.includes(state));
      if (rest.length === 0) continue;
      if (this.#keyOf === undefined) return this.#chance.pick(makeCandidates(rest), 0);
      return this.#balancer.pick(makeCandidates(rest), this.#keyOf(request));
    }
    return undefined;
  }

  get hasAvailable(): boolean {
    return this.#primaries.list.length + this.#backups.list.length > 0;
  }

  #makeBalancer(service: Service): Balancer {
    return makeBalancer(service.balance, { random: this.#random, elapsed: this.#elapsed });
  }

  count(status: number, durationMs: number): void {
    const { stats } = this;
    stats.codes[status] = (stats.codes[status] ?? 0) + 1;
    const bucket = durationBucket(durationMs);
    stats.durations[bucket] = (stats.durations[bucket] ?? 0) + 1;
    stats.durationSumMs += durationMs;
  }
}
