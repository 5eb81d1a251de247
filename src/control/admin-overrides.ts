import type { BackendOrder, OrderedBackend } from '../model/admin.ts';
import { type Backend, lastingId } from '../model/backend.ts';
import type { Clock } from '../model/clock.ts';
import type { SaidHealth } from '../model/health.ts';
import type { Problem } from '../model/problem.ts';
import type { Service } from '../model/service.ts';
import { HeldOverrides } from './held-overrides.ts';
import type { Merged } from './incremental-merge.ts';
import type { Override, OverrideStore } from './override-store.ts';

/** The fewest characters of a container's id that select it. */
const MIN_ID = 4;

/** A service with its overrides applied, and the overrides of its backends, by `Backend.id`. */
interface Laid {
  readonly service: Service;
  readonly held: readonly (readonly [id: string, override: Override])[];
}

/**
 * Applies what people ordered for single backends to what the sources say. Orders outlive snapshots and restarts of the
 * container, and restarts of Fairlead if the store keeps them. What must last for ever belongs into a label.
 */
export class AdminOverrides {
  readonly #clock: Clock;
  readonly #held: HeldOverrides;
  /** The services with the overrides that are held now, by the services of the sources: the same service gives the same value. */
  #laid = new WeakMap<Service, Laid>();

  /** @param onChange called when an order of another Fairlead has arrived, or a problem came or went */
  constructor(store: OverrideStore, clock: Clock, onChange: () => void) {
    this.#clock = clock;
    this.#held = new HeldOverrides(store, clock, () => {
      this.#laid = new WeakMap();
      onChange();
    });
  }

  /** Follows what people order at other Fairleads, until the signal aborts. */
  follow(signal: AbortSignal): void {
    this.#held.follow(signal);
  }

  /** Problems of the store, and of the overrides in it. */
  get problems(): readonly Problem[] {
    return this.#held.problems;
  }

  /**
   * Takes an order and returns the backends that it is about: every backend that `subject` matches.
   * @param subject a backend's name, its id, `SERVICE/NAME`, or the beginning of its container's id
   */
  set(services: readonly Service[], subject: string, order: BackendOrder): OrderedBackend[] {
    const found = services.flatMap((service) =>
      service.backends
        .filter((backend) => isMeant(service, backend, subject))
        .map(({ id, name }) => ({ id, name, service: service.name })),
    );
    for (const { id } of found) this.#order(lastingId(id), order);
    return found;
  }

  #order(id: string, order: BackendOrder): void {
    const before = this.#held.get(id);
    const state = order.state === undefined ? before?.state : order.state;
    const weight = order.weight === undefined ? before?.weight : order.weight;
    // A drain that is ordered a second time does not get more time.
    const isAgain = before !== undefined && (order.state === undefined || before.state === order.state);
    const override: Override = {
      ...(state !== undefined && state !== 'ready' && { state }),
      ...(weight !== undefined && weight !== 'default' && { weight }),
      at: isAgain ? before.at : this.#clock.now(),
    };
    const isNone = override.state === undefined && override.weight === undefined;
    this.#laid = new WeakMap();
    this.#held.set(id, isNone ? undefined : override);
  }

  /** What the sources say, with the overrides applied. */
  layOver(merged: Merged): Merged {
    if (this.#held.size === 0) return merged;
    const sourceHealth: Record<string, SaidHealth> = { ...merged.sourceHealth };
    const services = merged.services.map((service) => {
      const laid = this.#laid.get(service) ?? this.#lay(service);
      for (const [id, override] of laid.held) {
        const said = joined(sourceHealth[id], override, service.drainMs);
        if (said !== undefined) sourceHealth[id] = said;
      }
      return laid.service;
    });
    return { ...merged, services, sourceHealth };
  }

  #lay(service: Service): Laid {
    const held: [string, Override][] = [];
    const backends = service.backends.map((backend) => {
      const override = this.#held.get(lastingId(backend.id));
      if (override === undefined) return backend;
      held.push([backend.id, override]);
      return override.weight === undefined
        ? backend
        : { ...backend, weight: override.weight, configuredWeight: backend.weight };
    });
    const laid = { service: held.length === 0 ? service : { ...service, backends }, held };
    this.#laid.set(service, laid);
    return laid;
  }
}

function isMeant(service: Service, { id, name, origin }: Backend, subject: string): boolean {
  if (subject === id || subject === name || subject === `${service.name}/${name}`) return true;
  return subject.length >= MIN_ID && origin.containerId?.startsWith(subject) === true;
}

/** Joins what the source says of a backend's health with what a person ordered. */
function joined(
  source: SaidHealth | undefined,
  { state, at }: Override,
  drainMs: number,
): SaidHealth | undefined {
  if (state === undefined) return source;
  const flag = state === 'drain' ? 'Draining' : 'Maintenance';
  const flags = new Set([...(source?.flags ?? []), flag] as const);
  const reasons = [source?.reason, `${state} was ordered`].filter((text) => text !== undefined);
  return {
    flags: [...flags],
    reason: reasons.join('; '),
    ...(state === 'drain' && { drainEndsAt: at + drainMs }),
  };
}
