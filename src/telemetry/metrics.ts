import { collectDefaultMetrics, Registry } from 'prom-client';
import type { SlotStatus, WorkerStatus } from '../model/data-plane.ts';
import type { Listener } from '../model/listener.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { ListenerStats, TrafficStats } from '../model/stats.ts';
import { addBackends } from './backend-metrics.ts';
import { Fading } from './fading.ts';
import { type Add, addTo, type Sample, single } from './read-metric.ts';
import { addServices } from './service-metrics.ts';
import { addWorkers } from './worker-metrics.ts';

/** Where the values of metrics are read from, each time somebody asks. */
export interface MetricsView {
  snapshot(): Snapshot;
  stats(): TrafficStats;
  workers(): readonly WorkerStatus[];
  slots(): readonly SlotStatus[];
  /** The listeners of clients, bound or to be bound. */
  listeners(): readonly Listener[];
  /** How often code of this process threw what it should not have, by origin. */
  internalErrors(): Readonly<Record<string, number>>;
  /** How many lines this process could not write, by log. */
  linesLost(): Readonly<Record<string, number>>;
  readonly version: string;
  /** The time, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** Makes the registry of all metrics, with those that the library has for the process itself. */
export function makeMetrics(view: MetricsView): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const add = addTo(registry);
  const fading = new Fading();
  addServices(add, () => fading.told(view.stats(), view.snapshot(), view.now()));
  addClients(add, view);
  addBackends(add, view);
  addState(add, view);
  addWorkers(add, view);
  return registry;
}

function addClients(add: Add, { stats, listeners }: MetricsView): void {
  const ofListeners = function* (key: keyof ListenerStats): Iterable<Sample> {
    const found = stats().listeners;
    for (const { name } of listeners()) yield { labels: { listener: name }, value: found[name]?.[key] ?? 0 };
  };
  add('counter', 'unrouted_requests_total', 'Requests that reached no service', function* () {
    for (const [code, value] of stats().unrouted.entries()) if (value > 0) yield { labels: { code }, value };
  });
  add('gauge', 'client_connections', 'Open connections of clients', () => ofListeners('connections'));
  add('counter', 'client_connections_total', 'Connections of clients so far', () =>
    ofListeners('connectionsTotal'),
  );
  add('counter', 'client_connections_refused_total', 'Connections of clients that were too many', () => [
    { labels: { limit: 'connections' }, value: stats().clientsRefusedFull },
    { labels: { limit: 'connections-per-client' }, value: stats().clientsRefusedPerClient },
  ]);
  add(
    'counter',
    'client_connections_closed_idle_total',
    'Idle connections of clients closed to make room',
    () => single(stats().clientsClosedIdle),
  );
  add(
    'gauge',
    'upgraded_connections',
    'Open connections of clients that speak another protocol, such as WebSocket',
    () => single(stats().upgrades),
  );
  add('counter', 'tls_handshakes_total', 'TLS handshakes, by how they ended', () =>
    Object.entries(stats().handshakes).map(([result, value]) => ({ labels: { result }, value })),
  );
  add('gauge', 'tls_handshakes_running', 'TLS handshakes that run', () => single(stats().handshaking));
}

function addState(add: Add, view: MetricsView): void {
  add('gauge', 'problems', 'Problems with labels and files, by severity', function* () {
    const counts = { error: 0, notice: 0 };
    for (const problem of view.snapshot().problems) counts[problem.severity]++;
    for (const [severity, value] of Object.entries(counts)) yield { labels: { severity }, value };
  });
  add('gauge', 'source_connected', '1 while the source hears of changes', function* () {
    for (const { name, connected } of view.snapshot().sources)
      yield { labels: { source: name }, value: Number(connected) };
  });
  add('gauge', 'source_stale_seconds', 'For how long what the source says may be out of date', function* () {
    for (const { name, staleSince } of view.snapshot().sources) {
      yield {
        labels: { source: name },
        value: staleSince === undefined ? 0 : (view.now() - staleSince) / 1_000,
      };
    }
  });
  add('counter', 'log_lines_dropped_total', 'Lines of the logs that could not be written', () =>
    Object.entries(sumCounts(view.linesLost(), view.stats().linesLost)).map(([log, value]) => ({
      labels: { log },
      value,
    })),
  );
  add('counter', 'internal_errors_total', 'Faults of Fairlead itself, by where', function* () {
    const counts = sumCounts(view.internalErrors(), view.stats().internalErrors);
    for (const [where, value] of Object.entries(counts)) yield { labels: { where }, value };
  });
  add('gauge', 'snapshot_version', 'Version of the state that requests are served by', () =>
    single(view.snapshot().version),
  );
  add('gauge', 'build_info', 'Version of Fairlead and of its runtime', () => [
    { labels: { version: view.version, node: process.version }, value: 1 },
  ]);
}

function sumCounts(...all: Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [key, count] of all.flatMap(Object.entries)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
