import type { Backend } from '../model/backend.ts';
import type { CertificateInfo } from '../model/certificate.ts';
import type { SlotStatus, WorkerStatus } from '../model/data-plane.ts';
import { type Filter, withoutSecrets } from '../model/filter.ts';
import { type BackendHealth, describeFlags, type Transition } from '../model/health.ts';
import type { Listener } from '../model/listener.ts';
import type { Route } from '../model/route.ts';
import type { Service } from '../model/service.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { ListenerStats, TrafficStats } from '../model/stats.ts';

/** Where the live state is read from. */
export interface StateView {
  readonly version: string;
  readonly startedAt: number;
  now(): number;
  /** Where clients connect, with their real ports. */
  listeners(): readonly Listener[];
  snapshot(): Snapshot;
  certificates(): readonly CertificateInfo[];
  stats(): TrafficStats;
  workers(): readonly WorkerStatus[];
  slots(): readonly SlotStatus[];
  /** The last probe of a backend; undefined before the first. */
  lastCheck(backendId: string): { readonly reason: string; readonly checkedAt: number } | undefined;
  /** The latest changes of a backend's health, the oldest first. */
  history(backendId: string): readonly Transition[];
}

/** A backend with all that is known of it at present. */
export interface LiveBackend extends Backend {
  readonly health: BackendHealth;
  /** Its flags in words, as people read them. */
  readonly state: string;
  readonly lastCheck: { readonly reason: string; readonly checkedAt: number } | undefined;
  readonly inFlight: number;
  readonly requests: number;
  readonly failures: Readonly<Record<string, number>>;
  /** How often requests took it out, by cause. */
  readonly ejections: Readonly<Record<string, number>>;
  readonly history: readonly (Transition & { readonly state: string })[];
}

export interface LiveService extends Omit<Service, 'backends'> {
  readonly backends: readonly LiveBackend[];
  /** What its routes do with requests and responses, without secrets. */
  readonly filters: readonly Filter[];
  readonly requests: number;
  readonly errors: number;
  readonly retries: number;
  /** Retries and hedges that the budget did not pay for. */
  readonly retriesDenied: number;
  readonly hedges: number;
  readonly fallbacks: number;
  /** Requests that wait for a backend. */
  readonly waiting: number;
}

/** A process that carries requests, and how often a worker of its slot died. */
export interface LiveWorker extends WorkerStatus {
  readonly restarts: number;
}

/** A listener, and how many clients are connected and were so far. */
export type LiveListener = Listener & Readonly<ListenerStats>;

/** The answer of `/api/snapshot`: the snapshot with what is counted and probed between snapshots. */
export interface LiveState extends Omit<Snapshot, 'services' | 'routes' | 'health'> {
  readonly fairlead: string;
  readonly startedAt: number;
  readonly now: number;
  readonly services: readonly LiveService[];
  readonly listeners: readonly LiveListener[];
  /** What there is for https, without keys, and which hosts have none. */
  readonly certificates: readonly CertificateInfo[];
  /** All of a service have the same filters: see there. */
  readonly routes: readonly Omit<Route, 'filters'>[];
  readonly clientConnections: number;
  readonly upgrades: number;
  readonly workers: readonly LiveWorker[];
}

const UNKNOWN: BackendHealth = { flags: [], reason: '', since: 0 };

export function stateOf(view: StateView): LiveState {
  const { services, routes, health, ...snapshot } = view.snapshot();
  const filters = new Map(routes.map((route) => [route.service, route.filters]));
  const stats = view.stats();
  const restarts = new Map(view.slots().map((slot) => [slot.worker, slot.restarts]));
  return {
    ...snapshot,
    fairlead: view.version,
    startedAt: view.startedAt,
    now: view.now(),
    listeners: view.listeners().map((listener) => ({
      ...listener,
      ...(stats.listeners[listener.name] ?? { connections: 0, connectionsTotal: 0 }),
    })),
    certificates: view.certificates(),
    clientConnections: stats.clientConnections,
    upgrades: stats.upgrades,
    workers: view.workers().map((one) => ({ ...one, restarts: restarts.get(one.worker) ?? 0 })),
    routes: routes.map(({ filters: _, ...route }) => route),
    services: services.map((service) => {
      const counted = stats.services[service.name];
      const codes = counted?.codes ?? [];
      return {
        ...service,
        requests: sum(codes),
        errors: sum(codes.slice(500)),
        retries: counted?.retries ?? 0,
        retriesDenied: counted?.retriesDenied ?? 0,
        hedges: counted?.hedges ?? 0,
        fallbacks: counted?.fallbacks ?? 0,
        waiting: counted?.waiting ?? 0,
        filters: (filters.get(service.name) ?? []).map(withoutSecrets),
        backends: service.backends.map((backend) =>
          liveBackend(backend, health.get(backend.id), stats, view),
        ),
      };
    }),
  };
}

function liveBackend(
  backend: Backend,
  health: BackendHealth | undefined,
  stats: TrafficStats,
  view: StateView,
): LiveBackend {
  const counted = stats.backends[backend.id];
  return {
    ...backend,
    health: health ?? UNKNOWN,
    state: describeFlags((health ?? UNKNOWN).flags),
    lastCheck: view.lastCheck(backend.id),
    inFlight: counted?.inFlight ?? 0,
    requests: counted?.requests ?? 0,
    failures: counted?.failures ?? {},
    ejections: counted?.ejections ?? {},
    history: view.history(backend.id).map((one) => ({ ...one, state: describeFlags(one.flags) })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
