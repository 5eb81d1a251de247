import type { Clock } from '../../model/clock.ts';
import type { Service } from '../../model/service.ts';
import { durationBucket, makeServiceStats, type ServiceStats, UPGRADED_BOUNDS } from '../../model/stats.ts';
import { type Balancer, type Candidates, makeBalancer, makeCandidates } from '../balance/balancer.ts';
import { type KeyOf, type KeySource, makeKeyOf } from '../balance/hash-key.ts';
import { Random } from '../balance/random.ts';
import { Sticky } from '../balance/sticky.ts';
import type { BackendState } from './backend-state.ts';
import { Queue } from './queue.ts';
import { RetryBudget } from './retry-budget.ts';

/** In how many steps the weight of a backend rises during its slow start. */
const SLOW_START_STEPS = 20;
/** The share of its weight at the beginning: without any traffic it would never warm up. */
const SLOW_START_MIN = 0.1;

/** The mutable twin of a `Service`: picks backends, from lists that are ready before a request comes. */
export class ServiceState {
  service: Service;
  backends: readonly BackendState[] = [];
  readonly stats: ServiceStats = makeServiceStats();
  /** Whether response times must be measured, since the balancer goes by them. */
  isTimed = false;
  /** Set if the service keeps clients on their backends. */
  sticky: Sticky<BackendState> | undefined = undefined;
  readonly budget = new RetryBudget();
  /** Requests that wait for a backend. */
  readonly queue = new Queue(() => this.#hasRoom());
  /** Set while a snapshot is applied: requests that were woken then would see half of it. */
  isAsleep = false;
  /** Whether any backend limits its requests. */
  #isLimited = false;
  readonly #random: () => number;
  readonly #clock: Clock;
  #cancelStep: () => void = () => {};
  #balancer: Balancer;
  readonly #chance: Balancer;
  /** Set for a balancer that goes by a key. */
  #keyOf: KeyOf | undefined = undefined;
  #primaries: Candidates<BackendState> = makeCandidates([]);
  #backups: Candidates<BackendState> = makeCandidates([]);
  /** The backends that serve now: the primaries, or the backups if no primary is available. */
  #tier: Candidates<BackendState> = this.#primaries;
  /** Whether the balancer alone decides, whatever the request is: no key, cookie or limit. */
  #isPlain = true;

  /** @param random returns a number from 0 to below 1 */
  constructor(service: Service, clock: Clock, random: () => number) {
    this.service = service;
    this.#random = random;
    this.#clock = clock;
    this.#balancer = this.#makeBalancer(service);
    this.#chance = new Random(random);
  }

  /** Takes the service of a new snapshot; counts, and whose turn it is, stay. */
  update(service: Service, backends: readonly BackendState[]): void {
    if (service.balance !== this.service.balance) this.#balancer = this.#makeBalancer(service);
    this.isTimed = service.balance === 'peak-ewma';
    this.#keyOf = service.balance === 'hash' ? makeKeyOf(service.hash ?? { by: 'client' }) : undefined;
    this.sticky = service.sticky && new Sticky(service, service.sticky, backends);
    this.#isLimited = backends.some(({ backend }) => backend.maxConnections !== undefined);
    this.#isPlain = this.sticky === undefined && this.#keyOf === undefined && !this.#isLimited;
    this.service = service;
    this.backends = backends;
    this.refresh();
  }

  /** The availability of a backend changed. */
  refresh(): void {
    this.#choose();
    this.wake();
  }

  /** Lets requests in the queue look again: there may be a backend now, or no hope of one. */
  wake(): void {
    if (this.isAsleep || this.queue.size === 0) return;
    if (!this.hasAvailable && this.service.holdMs === 0) this.queue.giveUp();
    else this.queue.serve(true);
  }

  /** Ends a service that is no longer in the snapshot. */
  leave(): void {
    this.#cancelStep();
    this.queue.giveUp();
  }

  /** Makes the lists that backends are picked from. */
  #choose(): void {
    const now = this.#clock.elapsed();
    const { slowStartMs } = this.service;
    let isRamping = false;
    for (const state of this.backends) {
      const isServing = state.isUpOrSuspected && state.backend.weight > 0;
      state.servesSince = isServing ? (state.servesSince ?? now) : undefined;
      const share = slowStartShare(now - (state.servesSince ?? now), slowStartMs);
      state.weight = state.backend.weight * share;
      if (share < 1 && state.isAvailable) isRamping = true;
    }
    const available = this.backends.filter((state) => state.isAvailable);
    this.#primaries = makeCandidates(available.filter((state) => !state.backend.backup));
    this.#backups = makeCandidates(available.filter((state) => state.backend.backup));
    this.#tier = this.#primaries.list.length > 0 ? this.#primaries : this.#backups;
    this.#cancelStep();
    if (isRamping) this.#cancelStep = this.#clock.after(slowStartMs / SLOW_START_STEPS, () => this.#choose());
  }

  /** Picks a backend for a new request; undefined when none is available or has room. */
  pick(request: KeySource): BackendState | undefined {
    if (this.#isPlain) return this.#balancer.pick(this.#tier, 0);
    const kept = this.sticky?.find(request);
    // A client waits for its own backend while that is only full.
    if (kept !== undefined && this.#keeps(kept)) return kept.hasRoom ? kept : undefined;
    const candidates = this.#isLimited ? withRoom(this.#tier) : this.#tier;
    return this.#balancer.pick(candidates, this.#keyOf === undefined ? 0 : this.#keyOf(request));
  }

  /**
   * Picks a backend that was not tried yet: by the key if there is one, else by chance. Turns among those that remain after
   * a failure would always give the load of the failed backend to the same neighbour.
   */
  pickOther(tried: readonly BackendState[], request: KeySource): BackendState | undefined {
    for (const { list } of [this.#primaries, this.#backups]) {
      const rest = makeCandidates(list.filter((state) => !tried.includes(state) && state.hasRoom));
      if (rest.list.length === 0) continue;
      if (this.#keyOf === undefined) return this.#chance.pick(rest, 0);
      return this.#balancer.pick(rest, this.#keyOf(request));
    }
    return undefined;
  }

  /**
   * The header line that keeps the client on the backend that responded; empty when its cookie is right already. It also
   * is when another backend responded by a retry: then the client goes back to its own.
   */
  stickyFields(request: KeySource, backend: BackendState | undefined): string {
    if (this.sticky === undefined || backend === undefined) return '';
    const kept = this.sticky.find(request);
    return kept === backend || (kept !== undefined && this.#keeps(kept))
      ? ''
      : this.sticky.fields(request, backend);
  }

  /** Whether a backend keeps the clients that it has. It does with weight 0, with which it gets no new ones. */
  #keeps({ isUpOrSuspected, backend }: BackendState): boolean {
    return isUpOrSuspected && (!backend.backup || this.#primaries.list.length === 0);
  }

  /** Whether backends were left that could take the request if they had room. */
  isFull(tried: readonly BackendState[] = []): boolean {
    return this.#isLimited && this.#tier.list.some((state) => !tried.includes(state));
  }

  /** Whether some request of the queue might be served. With sticky clients it may also belong to a backend of weight 0. */
  #hasRoom(): boolean {
    if (this.#tier.list.some((state) => state.hasRoom)) return true;
    return this.sticky !== undefined && this.backends.some((state) => state.isUpOrSuspected && state.hasRoom);
  }

  /**
   * Whether the budget pays for one more attempt on another backend; `refund` must follow when that attempt is over or was
   * not made.
   */
  pay(): boolean {
    const isPaid = this.budget.take(this.service.retry.budgetPercent, this.#clock.elapsed());
    if (!isPaid) this.stats.retriesDenied++;
    return isPaid;
  }

  refund(): void {
    this.budget.release();
  }

  /** An attempt is over, so a request in the queue may have its backend. */
  released(): void {
    if (this.#isLimited && this.queue.size > 0) this.queue.serve(false);
  }

  get hasAvailable(): boolean {
    return this.#primaries.list.length + this.#backups.list.length > 0;
  }

  #makeBalancer(service: Service): Balancer {
    const elapsed = () => this.#clock.elapsed();
    return makeBalancer(service.balance, { random: this.#random, elapsed });
  }

  /** Counts a finished request. */
  count(status: number, durationMs: number): void {
    const { stats } = this;
    stats.codes[status] = (stats.codes[status] ?? 0) + 1;
    const bucket = durationBucket(durationMs);
    stats.durations[bucket] = (stats.durations[bucket] ?? 0) + 1;
    stats.durationSumMs += durationMs;
  }

  /** Counts an upgraded connection that has closed. */
  countUpgraded(status: number, durationMs: number, bytesIn: number, bytesOut: number): void {
    const { codes, upgraded } = this.stats;
    codes[status] = (codes[status] ?? 0) + 1;
    const at = UPGRADED_BOUNDS.findIndex((bound) => durationMs <= bound * 1_000);
    const bucket = at === -1 ? UPGRADED_BOUNDS.length : at;
    upgraded.durations[bucket] = (upgraded.durations[bucket] ?? 0) + 1;
    upgraded.durationSumMs += durationMs;
    upgraded.bytesIn += bytesIn;
    upgraded.bytesOut += bytesOut;
  }
}

/** The candidates that have room; the same object if all have. */
function withRoom(candidates: Candidates<BackendState>): Candidates<BackendState> {
  const { list } = candidates;
  return list.every((state) => state.hasRoom)
    ? candidates
    : makeCandidates(list.filter((state) => state.hasRoom));
}

/**
 * The share of its weight that counts for a backend of this age. Shares are relative: backends that start together get
 * equal parts of the requests.
 */
function slowStartShare(ageMs: number, slowStartMs: number): number {
  return ageMs >= slowStartMs ? 1 : Math.max(SLOW_START_MIN, ageMs / slowStartMs);
}
