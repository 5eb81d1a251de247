import { UPGRADED_BOUNDS } from '../model/stats.ts';
import { type Add, histogram, type MetricsView, type Services } from './metrics.ts';

/** Metrics of connections that speak another protocol, such as WebSocket. */
export function addUpgrades(add: Add, view: MetricsView, services: Services): void {
  add(
    'gauge',
    'upgraded_connections',
    'Open connections of clients that speak another protocol, such as WebSocket',
    () => [{ labels: {}, value: view.stats().upgrades }],
  );
  add(
    'histogram',
    'upgraded_connection_duration_seconds',
    'From the head of a request that was upgraded to the close of its connection',
    function* () {
      for (const [service, { upgraded }] of services())
        yield* histogram(
          'fairlead_upgraded_connection_duration_seconds',
          { service },
          UPGRADED_BOUNDS,
          upgraded.durations,
          upgraded.durationSumMs,
        );
    },
  );
  add(
    'counter',
    'upgraded_bytes_total',
    'Bytes of closed connections that spoke another protocol: in from clients, out to them',
    function* () {
      for (const [service, { upgraded }] of services()) {
        yield { labels: { service, direction: 'in' }, value: upgraded.bytesIn };
        yield { labels: { service, direction: 'out' }, value: upgraded.bytesOut };
      }
    },
  );
}
