import { formatAddress } from '../model/address.ts';
import type { MetricsView } from './metrics.ts';
import type { Add } from './read-metric.ts';

/** Adds the metrics of backends. */
export function addBackends(add: Add, view: Pick<MetricsView, 'snapshot' | 'stats'>): void {
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
  add('gauge', 'backend_up', '1 while no flag speaks against the backend, else 0', function* () {
    for (const { labels, health } of backends()) yield { labels, value: health?.flags.length === 0 ? 1 : 0 };
  });
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
