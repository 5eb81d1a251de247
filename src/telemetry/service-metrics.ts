import { DURATION_BOUNDS, type ServiceStats, UPGRADED_BOUNDS } from '../model/stats.ts';
import { type Add, histogram, type MetricType, type Sample } from './read-metric.ts';

/** The stats of each service that has series, by name. */
export type Services = () => Iterable<[name: string, ServiceStats]>;

/** Metrics that have one sample for each service. */
const ONE_EACH: readonly [MetricType, name: string, help: string, read: (stats: ServiceStats) => number][] = [
  ['counter', 'retries_total', 'Attempts that were followed by another', ({ retries }) => retries],
  [
    'counter',
    'retries_denied_total',
    'Retries and hedges that the budget did not pay for',
    ({ retriesDenied }) => retriesDenied,
  ],
  ['counter', 'fallbacks_total', 'Requests that a fallback answered', ({ fallbacks }) => fallbacks],
  [
    'gauge',
    'waiting_requests',
    'Requests that wait for a backend to be free or to appear',
    ({ waiting }) => waiting,
  ],
  ['counter', 'waited_requests_total', 'Requests that had to wait for a backend', ({ waited }) => waited],
  [
    'counter',
    'waited_in_vain_total',
    'Requests that waited for a backend and got none',
    ({ waitedInVain }) => waitedInVain,
  ],
];

/** Adds the metrics of services. */
export function addServices(add: Add, services: Services): void {
  const ofEach = (samples: (service: string, stats: ServiceStats) => Iterable<Sample>) =>
    function* () {
      for (const [service, stats] of services()) yield* samples(service, stats);
    };
  add('counter', 'requests_total', 'Finished requests', ofEach(byCode));
  add(
    'histogram',
    'request_duration_seconds',
    'From the head of a request to the end of its response',
    ofEach((service, { durations, durationSumMs }) =>
      histogram('fairlead_request_duration_seconds', { service }, DURATION_BOUNDS, durations, durationSumMs),
    ),
  );
  for (const [type, name, help, read] of ONE_EACH)
    add(
      type,
      name,
      help,
      ofEach((service, stats) => [{ labels: { service }, value: read(stats) }]),
    );
  add(
    'counter',
    'hedges_total',
    'Second attempts while the first one hung, by whether they answered first',
    ofEach((service, { hedges, hedgesWon }) => [
      { labels: { service, result: 'won' }, value: hedgesWon },
      { labels: { service, result: 'lost' }, value: hedges - hedgesWon },
    ]),
  );
  add(
    'histogram',
    'upgraded_connection_duration_seconds',
    'From the head of a request that was upgraded to the close of its connection',
    ofEach((service, { upgraded: { durations, durationSumMs } }) =>
      histogram(
        'fairlead_upgraded_connection_duration_seconds',
        { service },
        UPGRADED_BOUNDS,
        durations,
        durationSumMs,
      ),
    ),
  );
  add(
    'counter',
    'upgraded_bytes_total',
    'Bytes of closed connections that spoke another protocol: in from clients, out to them',
    ofEach((service, { upgraded }) => [
      { labels: { service, direction: 'in' }, value: upgraded.bytesIn },
      { labels: { service, direction: 'out' }, value: upgraded.bytesOut },
    ]),
  );
}

function* byCode(service: string, { codes }: ServiceStats): Iterable<Sample> {
  for (const [code, value] of codes.entries()) if (value > 0) yield { labels: { service, code }, value };
}
