import { type Changes, changesOf } from '../model/changes.ts';
import type { Clock } from '../model/clock.ts';
import type { Route } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import type { TrafficStats } from '../model/stats.ts';
import { DRAIN_OVER } from './errors.ts';
import type { RouteFilters } from './proxy/filters/filter.ts';
import type { FiltersOf } from './routing/route-index.ts';
import { RouteTable } from './routing/table.ts';
import { BackendState } from './upstream/backend-state.ts';
import type { Judges } from './upstream/judges.ts';
import { ServiceState } from './upstream/service-state.ts';

/** What the data plane has made of the latest snapshot: the route table, and states that outlive snapshots. */
export class LiveTopology {
  table = new RouteTable<ServiceState, RouteFilters>([], () => undefined);
  services: ReadonlyMap<string, ServiceState> = new Map();
  snapshot: Snapshot = EMPTY_SNAPSHOT;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #judges: Pick<Judges, 'takeProof' | 'enforce'>;
  readonly #filtersOf: FiltersOf<RouteFilters>;
  /** For each backend that drains, by id: when that ends, and a function that cancels its end. */
  readonly #drainEnds = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  /** Backends that left and still finish their requests, by id, each with a function that cancels its end. */
  readonly #leaving = new Map<string, { readonly state: BackendState; readonly cancel: () => void }>();

  constructor(
    clock: Clock,
    random: () => number,
    judges: Pick<Judges, 'takeProof' | 'enforce'>,
    filtersOf: FiltersOf<RouteFilters> = () => undefined,
  ) {
    this.#filtersOf = filtersOf;
    this.#clock = clock;
    this.#judges = judges;
    this.#random = random;
  }

  /** The state of a service; undefined if there is none of that name. */
  serviceNamed(name: string): ServiceState | undefined {
    return this.services.get(name);
  }

  stats(): Pick<TrafficStats, 'services' | 'backends'> {
    const states = [...this.backends()];
    return {
      services: Object.fromEntries([...this.services].map(([name, { stats }]) => [name, stats])),
      backends: Object.fromEntries(
        states.map(({ backend, stats, inFlight, idle }) => [
          backend.id,
          { ...stats, inFlight, idle: idle.length },
        ]),
      ),
    };
  }

  /** The backends of all services. */
  *backends(): Iterable<BackendState> {
    for (const { backends } of this.services.values()) yield* backends;
  }

  /**
   * Applies what changed since the snapshot before; all else stays as it is. Everything is built and swapped in before any
   * waiting request is woken, since a fallback may lead it to any other service.
   */
  apply(snapshot: Snapshot): void {
    const before = this.services;
    const services = changesOf(this.snapshot.services, snapshot.services);
    const updated = this.#applyTopology(services, changesOf(this.snapshot.routes, snapshot.routes), snapshot);
    const told = this.#applyHealth(snapshot, updated);
    this.snapshot = snapshot;
    for (const service of told) this.#judge(service, snapshot);
    for (const service of told) {
      service.isAsleep = false;
      service.wake();
    }
    for (const { name } of services.gone) if (!this.services.has(name)) before.get(name)?.leave();
  }

  /** Applies changed services and routes; returns the services that changed. */
  #applyTopology(
    services: Changes<Service>,
    routes: Changes<Route>,
    snapshot: Snapshot,
  ): ReadonlySet<ServiceState> {
    const updated = new Set<ServiceState>();
    if (services.gone.length + services.fresh.length + routes.gone.length + routes.fresh.length === 0)
      return updated;
    this.#dismiss(services);
    const all = new Map(this.services);
    for (const { name } of services.gone) all.delete(name);
    for (const service of services.fresh) {
      const state = this.services.get(service.name) ?? new ServiceState(service, this.#clock, this.#random);
      this.#update(state, service, snapshot);
      all.set(service.name, state);
      updated.add(state);
    }
    this.table = this.table.with(routes, (name) => all.get(name), this.#filtersOf);
    this.services = all;
    return updated;
  }

  #update(state: ServiceState, service: Service, snapshot: Snapshot): void {
    const known = new Map(state.backends.map((member) => [member.backend.id, member]));
    const members = service.backends.map((backend) => {
      const member = known.get(backend.id) ?? this.#returning(backend.id) ?? new BackendState(backend);
      member.update(backend);
      return member;
    });
    // Flags are set first, so that a new backend cannot be picked before its health is known.
    for (const member of members) member.setFlags(snapshot.health.get(member.backend.id)?.flags ?? []);
    state.isAsleep = true;
    state.update(service, members);
  }

  /** Sets the flags of all backends; returns the services with any news, which are asleep now. */
  #applyHealth({ health }: Snapshot, updated: ReadonlySet<ServiceState>): Set<ServiceState> {
    const told = new Set(updated);
    for (const service of this.services.values()) {
      const isNews = service.backends.some((state) => health.get(state.backend.id) !== state.health);
      if (!isNews && !updated.has(service)) continue;
      told.add(service);
      service.isAsleep = true;
      let isChanged = false;
      for (const state of service.backends)
        if (state.setFlags(health.get(state.backend.id)?.flags ?? [])) isChanged = true;
      if (isChanged) service.refresh();
    }
    return told;
  }

  /** Applies what the snapshot knows of backends besides their flags: ends of drains, and proofs. */
  #judge(service: ServiceState, { health }: Snapshot): void {
    for (const state of service.backends) {
      const is = health.get(state.backend.id);
      if (is === state.health) continue;
      state.health = is;
      this.#scheduleDrainEnd(state, is?.drainEndsAt);
      if (is?.proof !== undefined) this.#judges.takeProof(service, state, is.proof);
    }
    this.#judges.enforce(service);
  }

  /** Closes the connections of a backend when its drain ends; undefined cancels that. */
  #scheduleDrainEnd(state: BackendState, at: number | undefined): void {
    const { id } = state.backend;
    const planned = this.#drainEnds.get(id);
    if (planned?.at === at) return;
    planned?.cancel();
    this.#drainEnds.delete(id);
    if (at === undefined) return;
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => state.closeAll(DRAIN_OVER));
    this.#drainEnds.set(id, { at, cancel });
  }

  /** Drains the backends that are gone, while their services still know them. */
  #dismiss({ gone, fresh }: Changes<Service>): void {
    const staying = new Map(fresh.map((service) => [service.name, service]));
    for (const { name } of gone) {
      const state = this.services.get(name);
      if (state === undefined) continue;
      const { drainMs, backends = [] } = staying.get(name) ?? { drainMs: state.service.drainMs };
      const ids = new Set(backends.map(({ id }) => id));
      for (const member of state.backends) if (!ids.has(member.backend.id)) this.#leave(member, drainMs);
    }
  }

  /** Lets a backend that left finish its requests, for `drainMs` at most. */
  #leave(state: BackendState, drainMs: number): void {
    state.setFlags(['Draining']);
    state.health = undefined;
    this.#scheduleDrainEnd(state, undefined);
    const { id } = state.backend;
    const cancel = this.#clock.after(drainMs, () => {
      this.#leaving.delete(id);
      state.closeAll(DRAIN_OVER);
    });
    this.#leaving.set(id, { state, cancel });
  }

  /** The state of a backend that left and is back before its requests were finished. */
  #returning(id: string): BackendState | undefined {
    const leaving = this.#leaving.get(id);
    leaving?.cancel();
    this.#leaving.delete(id);
    return leaving?.state;
  }
}
