import type { BackendOrder, OrderedBackend } from '../model/admin.ts';
import { type Backend, lastingId } from '../model/backend.ts';
import type { Clock } from '../model/clock.ts';
import type { Service } from '../model/service.ts';
import type { Merged } from './incremental-merge.ts';

/** Backends with an order that are remembered; most of the oldest are long gone. */
const MAX_ORDERS = 1_000;
/** Of a container's id at least so much must be said. */
const MIN_ID = 4;

type Signal = NonNullable<Merged['signals'][string]>;

interface Held {
  readonly state: 'drain' | 'maintenance' | undefined;
  readonly weight: number | undefined;
  readonly at: number;
}

/** A service with the orders over it, and those that speak of its backends, by `Backend.id`. */
interface Laid {
  readonly service: Service;
  readonly held: readonly (readonly [id: string, held: Held])[];
}

/**
 * What people said of single backends, laid over what the sources say. It outlives snapshots and restarts of the
 * container, not of Fairlead: what shall last belongs into a label.
 */
export class AdminOverrides {
  readonly #clock: Clock;
  /** By the lasting id. */
  readonly #held = new Map<string, Held>();
  /** What became of the sources' services by what is held now: a service that stays the same does so here, too. */
  #laid = new WeakMap<Service, Laid>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param subject a backend's name, its id, `SERVICE/NAME`, or the beginning of its container's id */
  set(services: readonly Service[], subject: string, order: BackendOrder): OrderedBackend[] {
    const found = services.flatMap((service) =>
      service.backends
        .filter((backend) => isMeant(service, backend, subject))
        .map(({ id, name }) => ({ id, name, service: service.name })),
    );
    for (const { id } of found) this.#hold(lastingId(id), order);
    return found;
  }

  #hold(key: string, { state, weight }: BackendOrder): void {
    const before = this.#held.get(key);
    const next: Held = {
      state: state === undefined ? before?.state : state === 'ready' ? undefined : state,
      weight: weight === undefined ? before?.weight : weight === 'default' ? undefined : weight,
      // Saying it again gives no more time.
      at:
        before !== undefined && (state === undefined || before.state === state)
          ? before.at
          : this.#clock.now(),
    };
    this.#laid = new WeakMap();
    this.#held.delete(key);
    if (next.state === undefined && next.weight === undefined) return;
    this.#held.set(key, next);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_ORDERS && oldest !== undefined) this.#held.delete(oldest);
  }

  /** The sources' state with the orders over it. */
  layOver(merged: Merged): Merged {
    if (this.#held.size === 0) return merged;
    const signals: Record<string, Signal> = { ...merged.signals };
    const services = merged.services.map((service) => {
      const laid = this.#laid.get(service) ?? this.#lay(service);
      for (const [id, held] of laid.held) {
        const signal = joined(signals[id], held, service.drainMs);
        if (signal !== undefined) signals[id] = signal;
      }
      return laid.service;
    });
    return { ...merged, services, signals };
  }

  #lay(service: Service): Laid {
    const held: [string, Held][] = [];
    const backends = service.backends.map((backend) => {
      const order = this.#held.get(lastingId(backend.id));
      if (order === undefined) return backend;
      held.push([backend.id, order]);
      return order.weight === undefined
        ? backend
        : { ...backend, weight: order.weight, configuredWeight: backend.weight };
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

/** What the source knows of the backend, and what the person said. */
function joined(source: Signal | undefined, { state, at }: Held, drainMs: number): Signal | undefined {
  if (state === undefined) return source;
  const flag = state === 'drain' ? 'Draining' : 'Maintenance';
  const flags = new Set([...(source?.flags ?? []), flag] as const);
  const reasons = [source?.reason, `${state} was ordered`].filter((text) => text !== undefined);
  return {
    flags: [...flags],
    reason: reasons.join('; '),
    ...(state === 'drain' && { cutAt: at + drainMs }),
  };
}
