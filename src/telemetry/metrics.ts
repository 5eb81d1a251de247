import { createHash } from 'node:crypto';
import { collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import { formatAddress } from '../model/address.ts';
import type { SlotStatus, WorkerStatus } from '../model/data-plane.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { DURATION_BOUNDS, type ServiceStats, type TrafficStats } from '../model/stats.ts';
import { begin } from '../model/text.ts';
import { Fading } from './fading.ts';
import { addUpgrades } from './upgrade-metrics.ts';
import { addWorkers } from './worker-metrics.ts';

/** What metrics are read from, at the time somebody asks. */
export interface MetricsView {
  snapshot(): Snapshot;
  stats(): TrafficStats;
  workers(): readonly WorkerStatus[];
  slots(): readonly SlotStatus[];
  /** What code of this process threw and should not have, by place. */
  internalErrors(): Readonly<Record<string, number>>;
  /** Lines that this process could not write, by log. */
  linesLost(): Readonly<Record<string, number>>;
  readonly version: string;
  readonly now: () => number;
}

type Labels = Record<string, string | number>;

/** One sample. */
export interface Value {
  readonly value: number;
  readonly labels: Labels;
  /** Of a histogram's parts. */
  readonly metricName?: string;
}

/**
 * A metric whose values are read when it is asked for: on the path of a request they are plain numbers.
 */
class ReadMetric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly aggregator = 'sum';
  readonly #read: () => Iterable<Value>;

  constructor(type: ReadMetric['type'], name: string, help: string, read: () => Iterable<Value>) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.#read = read;
  }

  async get() {
    const { name, help, type, aggregator } = this;
    return { name, help, type, aggregator, values: [...this.#read()].map(bounded) };
  }

  reset(): void {}
}

/** Longest value of a label, in characters: names of services are made of labels of containers. */
const MAX_LABEL = 200;

/** The sample with labels that a database takes; those that were too long differ by a hash of the whole. */
function bounded(value: Value): Value {
  const isLong = Object.values(value.labels).some(
    (text) => typeof text === 'string' && text.length > MAX_LABEL,
  );
  if (!isLong) return value;
  const labels = Object.entries(value.labels).map(([label, text]) => [label, shortened(String(text))]);
  return { ...value, labels: Object.fromEntries(labels) };
}

function shortened(text: string): string {
  if (text.length <= MAX_LABEL) return text;
  return `${begin(text, MAX_LABEL)}${createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}

/** All metrics, with those of the process itself. */
export function makeMetrics(view: MetricsView): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const add = (type: ReadMetric['type'], name: string, help: string, read: () => Iterable<Value>) =>
    // The registry asks a metric for its name and its values only.
    registry.registerMetric(new ReadMetric(type, `fairlead_${name}`, help, read) as unknown as Metric);
  const fading = new Fading();
  const services = () => fading.told(view.stats(), view.snapshot(), view.now());
  addTraffic(add, view, services);
  addUpgrades(add, view, services);
  addBackends(add, view);
  addState(add, view);
  addWorkers(add, view);
  return registry;
}

/** Adds a metric whose values are read when it is asked for. */
export type Add = (type: ReadMetric['type'], name: string, help: string, read: () => Iterable<Value>) => void;

/** The stats of the services that have series. */
export type Services = () => Iterable<[string, ServiceStats]>;

function addTraffic(add: Add, view: MetricsView, services: Services): void {
  add('counter', 'requests_total', 'Finished requests', function* () {
    for (const [service, stats] of services()) {
      for (const [code, value] of stats.codes.entries())
        if (value > 0) yield { labels: { service, code }, value };
    }
  });
  add(
    'histogram',
    'request_duration_seconds',
    'From the head of a request to the end of its response',
    function* () {
      for (const [service, stats] of services())
        yield* histogram(
          'fairlead_request_duration_seconds',
          { service },
          DURATION_BOUNDS,
          stats.durations,
          stats.durationSumMs,
        );
    },
  );
  add('counter', 'retries_total', 'Attempts that were followed by another', function* () {
    for (const [service, stats] of services()) yield { labels: { service }, value: stats.retries };
  });
  add('counter', 'retries_denied_total', 'Retries and hedges that the budget did not pay for', function* () {
    for (const [service, stats] of services()) yield { labels: { service }, value: stats.retriesDenied };
  });
  add(
    'counter',
    'hedges_total',
    'Second attempts while the first one hung, by whether they answered first',
    function* () {
      for (const [service, { hedges, hedgesWon }] of services()) {
        yield { labels: { service, result: 'won' }, value: hedgesWon };
        yield { labels: { service, result: 'lost' }, value: hedges - hedgesWon };
      }
    },
  );
  add('counter', 'fallbacks_total', 'Requests that a fallback answered', function* () {
    for (const [service, stats] of services()) yield { labels: { service }, value: stats.fallbacks };
  });
  add('gauge', 'waiting_requests', 'Requests that wait for a backend to be free or to appear', function* () {
    for (const [service, stats] of services()) yield { labels: { service }, value: stats.waiting };
  });
  add('counter', 'waited_requests_total', 'Requests that had to wait for a backend', function* () {
    for (const [service, stats] of services()) yield { labels: { service }, value: stats.waited };
  });
  add('counter', 'waited_in_vain_total', 'Requests that waited for a backend and got none', function* () {
    for (const [service, stats] of services()) yield { labels: { service }, value: stats.waitedInVain };
  });
  add('counter', 'unrouted_requests_total', 'Requests that reached no service', function* () {
    for (const [code, value] of view.stats().unrouted.entries())
      if (value > 0) yield { labels: { code }, value };
  });
  add('gauge', 'client_connections', 'Open connections of clients', () =>
    single(view.stats().clientConnections),
  );
  add('counter', 'client_connections_total', 'Connections of clients so far', () =>
    single(view.stats().clientConnectionsTotal),
  );
  add('counter', 'client_connections_refused_total', 'Connections of clients that were too many', () => [
    { labels: { limit: 'connections' }, value: view.stats().clientsRefusedFull },
    { labels: { limit: 'connections-per-client' }, value: view.stats().clientsRefusedPerClient },
  ]);
  add(
    'counter',
    'client_connections_closed_idle_total',
    'Idle connections of clients closed to make room',
    () => single(view.stats().clientsClosedIdle),
  );
}

/**
 * The parts of a histogram.
 * @param name in full
 * @param bounds in seconds
 * @param counts of each bound, and one more for the rest
 */
export function* histogram(
  name: string,
  labels: Labels,
  bounds: readonly number[],
  counts: readonly number[],
  sumMs: number,
): Iterable<Value> {
  let count = 0;
  for (const [i, bound] of bounds.entries()) {
    count += counts[i] ?? 0;
    yield { metricName: `${name}_bucket`, labels: { le: bound, ...labels }, value: count };
  }
  count += counts[bounds.length] ?? 0;
  yield { metricName: `${name}_bucket`, labels: { le: '+Inf', ...labels }, value: count };
  yield { metricName: `${name}_sum`, labels, value: sumMs / 1_000 };
  yield { metricName: `${name}_count`, labels, value: count };
}

function addBackends(add: Add, view: MetricsView): void {
  const backends = function* () {
    const { backends: stats } = view.stats();
    const { services, health } = view.snapshot();
    for (const service of services) {
      for (const { id, name, address } of service.backends) {
        // A container may serve on two ports, and two Engines may each have one of that name.
        const labels = { service: service.name, backend: name, address: formatAddress(address) };
        yield { labels, stats: stats[id], health: health.get(id) };
      }
    }
  };
  add(
    'gauge',
    'backend_up',
    '1 while the backend takes new requests, 0 while a flag speaks against it',
    function* () {
      for (const { labels, health } of backends())
        yield { labels, value: health?.flags.length === 0 ? 1 : 0 };
    },
  );
  add('counter', 'backend_requests_total', 'Attempts on the backend', function* () {
    for (const { labels, stats } of backends()) yield { labels, value: stats?.requests ?? 0 };
  });
  add('counter', 'backend_failures_total', 'Attempts that failed, by reason', function* () {
    for (const { labels, stats } of backends()) {
      for (const [reason, value] of Object.entries(stats?.failures ?? {}))
        yield { labels: { ...labels, reason }, value };
    }
  });
  add('counter', 'ejections_total', 'How often failed requests took the backend out, by cause', function* () {
    for (const { labels, stats } of backends()) {
      for (const [cause, value] of Object.entries(stats?.ejections ?? {}))
        yield { labels: { ...labels, cause }, value };
    }
  });
  add('gauge', 'backend_in_flight', 'Requests that the backend is serving', function* () {
    for (const { labels, stats } of backends()) yield { labels, value: stats?.inFlight ?? 0 };
  });
  add(
    'gauge',
    'backend_idle_connections',
    'Connections to the backend that wait for a request',
    function* () {
      for (const { labels, stats } of backends()) yield { labels, value: stats?.idle ?? 0 };
    },
  );
  add('counter', 'backend_connections_total', 'Connections to the backend so far', function* () {
    for (const { labels, stats } of backends()) yield { labels, value: stats?.connectionsOpened ?? 0 };
  });
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

function single(value: number): Value[] {
  return [{ labels: {}, value }];
}

function sumCounts(...all: Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [key, count] of all.flatMap(Object.entries)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}
