import type { Clock } from '../../model/clock.ts';
import type { Service } from '../../model/service.ts';
import { durationBucket, makeServiceStats, type ServiceStats, UPGRADED_BOUNDS } from '../../model/stats.ts';
import { type Balancer, type Candidates, makeBalancer, makeCandidates } from '../balance/balancer.ts';
import { type KeyOf, type KeySource, makeKeyOf } from '../balance/key.ts';
import { Random } from '../balance/random.ts';
import { Sticky } from '../balance/sticky.ts';
import type { BackendState } from './backend-state.ts';
import { Queue } from './queue.ts';
import { RetryBudget } from './retry-budget.ts';

/** How often the weight of a backend that starts slowly is raised. */
const SLOW_START_STEPS = 20;
/** Its share of the weight at first: without any traffic it would never warm up. */
const SLOW_START_MIN = 0.1;

/** The mutable twin of a `Service`: its choice of backends, kept ready between requests. */
export class ServiceState {
  service: Service;
  backends: readonly BackendState[] = [];
  readonly stats: ServiceStats = makeServiceStats();
  /** How long backends take to answer decides: it must be measured. */
  isTimed = false;
  /** Only where clients are kept on their backends. */
  sticky: Sticky<BackendState> | undefined = undefined;
  readonly budget = new RetryBudget();
  /** Requests that wait for a backend. */
  readonly queue = new Queue(() => this.#hasRoom());
  /** While a snapshot is applied nobody is woken: they would find half of it. */
  isAsleep = false;
  /** Some backend takes only so many requests at one time. */
  #isLimited = false;
  readonly #random: () => number;
  readonly #clock: Clock;
  #cancelStep: () => void = () => {};
  #balancer: Balancer;
  readonly #chance: Balancer;
  /** Only for a balancer that goes by a key. */
  #keyOf: KeyOf | undefined = undefined;
  #primaries: Candidates<BackendState> = makeCandidates([]);
  #backups: Candidates<BackendState> = makeCandidates([]);
  /** Primaries serve, and backups when there is none. */
  #tier: Candidates<BackendState> = this.#primaries;
  /** The balancer alone decides: nothing of the request does, and no limit. */
  #isPlain = true;

  /** @param random from 0 to below 1 */
  constructor(service: Service, clock: Clock, random: () => number) {
    this.service = service;
    this.#random = random;
    this.#clock = clock;
    this.#balancer = this.#makeBalancer(service);
    this.#chance = new Random(random);
  }

  /** Takes a new policy or other backends; what it counted and whose turn it is stays. */
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

  /** Some backend's availability changed. */
  refresh(): void {
    this.#choose();
    this.wake();
  }

  /** Lets those look who wait: there may be a backend, or no hope of one. */
  wake(): void {
    if (this.isAsleep || this.queue.size === 0) return;
    if (!this.hasAvailable && this.service.holdMs === 0) this.queue.giveUp();
    else this.queue.serve(true);
  }

  /** It is no longer one of the services. */
  leave(): void {
    this.#cancelStep();
    this.queue.giveUp();
  }

  /** Makes the lists of what can be picked. */
  #choose(): void {
    const now = this.#clock.elapsed();
    const { slowStartMs } = this.service;
    let isRamping = false;
    for (const state of this.backends) {
      const isServing = state.isWell && state.backend.weight > 0;
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

  /** A backend for a new request: undefined when none is available, or none of them has room. */
  pick(request: KeySource): BackendState | undefined {
    if (this.#isPlain) return this.#balancer.pick(this.#tier, 0);
    const kept = this.sticky?.find(request);
    // Full is not gone: its client waits for it.
    if (kept !== undefined && this.#keeps(kept)) return kept.hasRoom ? kept : undefined;
    const candidates = this.#isLimited ? withRoom(this.#tier) : this.#tier;
    return this.#balancer.pick(candidates, this.#keyOf === undefined ? 0 : this.#keyOf(request));
  }

  /**
   * A backend that is not among those that were tried. By the key if there is one, else by chance: turns taken over
   * what remains after a failure would always give the load of the failed one to the same neighbour.
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
   * The header line that makes the client that was answered stay where it is; empty when it does already. Who was
   * answered elsewhere for once, by a retry, goes back to its own backend.
   */
  stickyFields(request: KeySource, backend: BackendState | undefined): string {
    if (this.sticky === undefined || backend === undefined) return '';
    const kept = this.sticky.find(request);
    return kept === backend || (kept !== undefined && this.#keeps(kept))
      ? ''
      : this.sticky.fields(request, backend);
  }

  /** Of weight 0 it gets no new clients, and keeps those that it has. */
  #keeps({ isWell, backend }: BackendState): boolean {
    return isWell && (!backend.backup || this.#primaries.list.length === 0);
  }

  /** The only backends that could take the request have as many as they may. */
  isFull(tried: readonly BackendState[] = []): boolean {
    return this.#isLimited && this.#tier.list.some((state) => !tried.includes(state));
  }

  /** Somebody who waits might be served. One of weight 0 may have a client in the line. */
  #hasRoom(): boolean {
    if (this.#tier.list.some((state) => state.hasRoom)) return true;
    return this.sticky !== undefined && this.backends.some((state) => state.isWell && state.hasRoom);
  }

  /**
   * Whether the budget pays for one more attempt on another backend; `refund` must follow when that is over, or there is
   * none.
   */
  pay(): boolean {
    const isPaid = this.budget.take(this.service.retry.budgetPercent, this.#clock.elapsed());
    if (!isPaid) this.stats.retriesDenied++;
    return isPaid;
  }

  refund(): void {
    this.budget.release();
  }

  /** A backend has finished with a request: whoever waits for that is next. */
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

  count(status: number, durationMs: number): void {
    const { stats } = this;
    stats.codes[status] = (stats.codes[status] ?? 0) + 1;
    const bucket = durationBucket(durationMs);
    stats.durations[bucket] = (stats.durations[bucket] ?? 0) + 1;
    stats.durationSumMs += durationMs;
  }

  /** A connection that spoke another protocol has closed. */
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

/** Those that may get another request; the same list while that is all of them. */
function withRoom(candidates: Candidates<BackendState>): Candidates<BackendState> {
  const { list } = candidates;
  return list.every((state) => state.hasRoom)
    ? candidates
    : makeCandidates(list.filter((state) => state.hasRoom));
}

/**
 * The part of its weight that counts for a backend that has been available for that long. Shares are relative:
 * backends that start together share evenly.
 */
function slowStartShare(ageMs: number, slowStartMs: number): number {
  return ageMs >= slowStartMs ? 1 : Math.max(SLOW_START_MIN, ageMs / slowStartMs);
}
