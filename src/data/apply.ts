import type { Clock } from '../model/clock.ts';
import type { Proof } from '../model/health.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../model/snapshot.ts';
import { RouteTable } from './routing/table.ts';
import { BackendState } from './upstream/backend-state.ts';
import { ServiceState } from './upstream/service-state.ts';

/** Those that judge backends by their requests. */
export interface Judges {
  /** A probe spoke for the backend. */
  prove(service: ServiceState, backend: BackendState, proof: Proof): void;
  /** The service's backends or their flags are others now. */
  enforce(service: ServiceState): void;
}

/** What the data plane made of the latest snapshot: new values swapped in, and states that outlive them. */
export class Applied {
  table = new RouteTable<ServiceState>([], () => undefined);
  services: ReadonlyMap<string, ServiceState> = new Map();
  backends: ReadonlyMap<string, BackendState> = new Map();
  snapshot: Snapshot = EMPTY_SNAPSHOT;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #judges: Judges;
  /** When backends that drain are cut, by id; a call cancels it. */
  readonly #cuts = new Map<string, { readonly at: number; readonly cancel: () => void }>();
  /** Backends that left and still serve what they had; a call cancels their end. */
  readonly #leaving = new Map<string, { readonly state: BackendState; readonly cancel: () => void }>();

  constructor(clock: Clock, random: () => number, judges: Judges) {
    this.#clock = clock;
    this.#judges = judges;
    this.#random = random;
  }

  apply(snapshot: Snapshot): void {
    if (snapshot.topologyVersion !== this.snapshot.topologyVersion) this.#applyTopology(snapshot);
    this.#applyHealth(snapshot);
    this.snapshot = snapshot;
  }

  #applyTopology(snapshot: Snapshot): void {
    this.#dismiss(snapshot);
    const services = new Map<string, ServiceState>();
    const backends = new Map<string, BackendState>();
    for (const service of snapshot.services) {
      const state = this.services.get(service.name) ?? new ServiceState(service, this.#clock, this.#random);
      const members = service.backends.map((backend) => {
        const member =
          this.backends.get(backend.id) ?? this.#returning(backend.id) ?? new BackendState(backend);
        member.update(backend);
        backends.set(backend.id, member);
        return member;
      });
      // A new backend is judged before anyone can pick it.
      for (const member of members) member.setFlags(snapshot.health[member.backend.id]?.flags ?? []);
      state.update(service, members);
      services.set(service.name, state);
    }
    this.table = new RouteTable(snapshot.routes, (name) => services.get(name));
    const before = this.services;
    this.services = services;
    this.backends = backends;
    // Last: what a client asks next must not find the way back to a service that is gone.
    for (const [name, state] of before) if (!services.has(name)) state.leave();
  }

  #applyHealth(snapshot: Snapshot): void {
    for (const service of this.services.values()) {
      let isChanged = false;
      for (const state of service.backends) {
        const health = snapshot.health[state.backend.id];
        if (state.setFlags(health?.flags ?? [])) isChanged = true;
        this.#cutAt(state, health?.cutAt);
        if (health?.proof !== undefined) this.#judges.prove(service, state, health.proof);
      }
      if (isChanged) service.refresh();
      this.#judges.enforce(service);
    }
  }

  /** Sees to it that a backend that drains is cut when its time is up, and only then. */
  #cutAt(state: BackendState, at: number | undefined): void {
    const { id } = state.backend;
    const planned = this.#cuts.get(id);
    if (planned?.at === at) return;
    planned?.cancel();
    this.#cuts.delete(id);
    if (at === undefined) return;
    const cancel = this.#clock.after(Math.max(0, at - this.#clock.now()), () => state.closeAll());
    this.#cuts.set(id, { at, cancel });
  }

  /** Lets go of the backends that the snapshot no longer has, while the services still know them. */
  #dismiss(snapshot: Snapshot): void {
    const staying = new Set<string>();
    const drains = new Map<string, number>();
    for (const { name, drainMs, backends } of snapshot.services) {
      drains.set(name, drainMs);
      for (const { id } of backends) staying.add(id);
    }
    for (const [name, { service, backends }] of this.services) {
      const drainMs = drains.get(name) ?? service.drainMs;
      for (const state of backends) if (!staying.has(state.backend.id)) this.#leave(state, drainMs);
    }
  }

  /** A backend left: it finishes what it has, for at most that long. */
  #leave(state: BackendState, drainMs: number): void {
    state.setFlags(['Draining']);
    this.#cutAt(state, undefined);
    const { id } = state.backend;
    const cancel = this.#clock.after(drainMs, () => {
      this.#leaving.delete(id);
      state.closeAll();
    });
    this.#leaving.set(id, { state, cancel });
  }

  #returning(id: string): BackendState | undefined {
    const leaving = this.#leaving.get(id);
    leaving?.cancel();
    this.#leaving.delete(id);
    return leaving?.state;
  }
}
