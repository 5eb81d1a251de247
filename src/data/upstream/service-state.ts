import type { Service } from '../../model/service.ts';
import { durationBucket, makeServiceStats, type ServiceStats } from '../../model/stats.ts';
import { type Balancer, type Candidates, makeBalancer, makeCandidates } from '../balance/balancer.ts';
import { Random } from '../balance/random.ts';
import type { BackendState } from './backend-state.ts';

/** The mutable twin of a `Service`: its choice of backends, kept ready between requests. */
export class ServiceState {
  service: Service;
  backends: readonly BackendState[] = [];
  readonly stats: ServiceStats = makeServiceStats();
  readonly #random: () => number;
  #balancer: Balancer;
  readonly #chance: Balancer;
  #primaries: Candidates<BackendState> = makeCandidates([]);
  #backups: Candidates<BackendState> = makeCandidates([]);

  constructor(service: Service, random: () => number) {
    this.service = service;
    this.#random = random;
    this.#balancer = makeBalancer(service.balance, random);
    this.#chance = new Random(random);
  }

  /** Takes a new policy or other backends; what it counted and whose turn it is stays. */
  update(service: Service, backends: readonly BackendState[]): void {
    if (service.balance !== this.service.balance)
      this.#balancer = makeBalancer(service.balance, this.#random);
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
  pick(): BackendState | undefined {
    return this.#balancer.pick(this.#primaries.list.length > 0 ? this.#primaries : this.#backups);
  }

  /**
   * A backend that is not among those that were tried. By chance, whatever the balancer: turns taken over what
   * remains after a failure would always give the load of the failed one to the same neighbour.
   */
  pickOther(tried: readonly BackendState[]): BackendState | undefined {
    for (const candidates of [this.#primaries, this.#backups]) {
      const rest = candidates.list.filter((state) => !tried.includes(state));
      if (rest.length > 0) return this.#chance.pick(makeCandidates(rest));
    }
    return undefined;
  }

  get hasAvailable(): boolean {
    return this.#primaries.list.length + this.#backups.list.length > 0;
  }

  count(status: number, durationMs: number): void {
    const { stats } = this;
    stats.codes[status] = (stats.codes[status] ?? 0) + 1;
    const bucket = durationBucket(durationMs);
    stats.durations[bucket] = (stats.durations[bucket] ?? 0) + 1;
    stats.durationSumMs += durationMs;
  }
}
