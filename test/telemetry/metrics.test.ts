import t from 'tap';
import type { Problem } from '../../src/model/problem.ts';
import { makeService, type Service } from '../../src/model/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';
import {
  DURATION_BOUNDS,
  durationBucket,
  makeServiceStats,
  NO_TRAFFIC,
  type ServiceStats,
  type TrafficStats,
} from '../../src/model/stats.ts';
import { makeMetrics } from '../../src/telemetry/metrics.ts';
import { listenerOn } from '../support/listener.ts';
import { type ParsedMetrics, parseMetrics } from '../support/metrics.ts';

const NOW = 1_700_000_000_000;

/** What somebody reads who asks for the metrics of this state. */
async function scrape(
  stats: Partial<TrafficStats> = {},
  snapshot: Partial<Snapshot> = {},
): Promise<ParsedMetrics> {
  const registry = makeMetrics({
    snapshot: () => ({ ...EMPTY_SNAPSHOT, ...snapshot }),
    stats: () => ({ ...NO_TRAFFIC, ...stats }),
    workers: () => [],
    slots: () => [],
    listeners: () => [listenerOn(80), listenerOn(81, { name: 'http-2' })],
    internalErrors: () => ({}),
    linesLost: () => ({}),
    version: '1.2.3',
    now: () => NOW,
  });
  return parseMetrics(await registry.metrics());
}

/** The stats of a service that served requests of these durations. */
function served(durationsMs: readonly number[], codes: Readonly<Record<number, number>> = {}): ServiceStats {
  const stats = makeServiceStats();
  for (const ms of durationsMs) {
    const bucket = durationBucket(ms);
    stats.durations[bucket] = (stats.durations[bucket] ?? 0) + 1;
    stats.durationSumMs += ms;
  }
  for (const [code, count] of Object.entries(codes)) stats.codes[Number(code)] = count;
  return stats;
}

/** Two backends of a service, of which the second is out. */
function twoBackends(): Partial<Snapshot> {
  const backends = ['a', 'b'].map((name, i) => {
    const address = { host: '10.0.0.1', port: 80 + i };
    const origin = { source: 'test', name };
    return { id: `shop/${name}`, name, address, weight: 1, backup: false, origin };
  });
  return {
    services: [makeService('shop', {}, backends)],
    health: new Map([
      ['shop/a', { flags: [], reason: '', since: 0 }],
      ['shop/b', { flags: ['FailedCheck'], reason: 'refused', since: 0 }],
    ]),
  };
}

t.test('requests are counted by service and status, and only those that happened', async (t) => {
  const stats = { services: { shop: served([], { 200: 3, 503: 1 }), api: served([], { 404: 2 }) } };
  const { find, types } = await scrape(stats);
  t.equal(types.get('fairlead_requests_total'), 'counter');
  t.strictSame(
    find('fairlead_requests_total').map(({ labels, value }) => [labels['service'], labels['code'], value]),
    [
      ['shop', '200', 3],
      ['shop', '503', 1],
      ['api', '404', 2],
    ],
  );
});

t.test('the buckets of the durations are cumulative and end with the count', async (t) => {
  const durations = [0.1, 0.25, 0.3, 1, 40, 60_000];
  const { find, value, types } = await scrape({ services: { shop: served(durations) } });
  const name = 'fairlead_request_duration_seconds';
  t.equal(types.get(name), 'histogram');
  const buckets = find(`${name}_bucket`, { service: 'shop' });
  t.strictSame(
    buckets.map((bucket) => bucket.labels['le']),
    [...DURATION_BOUNDS.map(String), '+Inf'],
  );
  for (const { labels, value: count } of buckets) {
    const bound = labels['le'] === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels['le']);
    t.equal(count, durations.filter((ms) => ms <= bound * 1_000).length, `at most ${bound} s`);
  }
  t.equal(value(`${name}_count`, { service: 'shop' }), durations.length);
  const sum = durations.reduce((total, ms) => total + ms, 0) / 1_000;
  t.ok(Math.abs(value(`${name}_sum`, { service: 'shop' }) - sum) < 1e-9, 'the sum is in seconds');
});

t.test('upgraded connections have a histogram of their own, and their bytes a counter', async (t) => {
  const stats = served([3]);
  Object.assign(stats.upgraded, { durations: [1, 1, 0, 0, 0, 0, 0, 1], durationSumMs: 90_000_500 });
  Object.assign(stats.upgraded, { bytesIn: 5, bytesOut: 7 });
  const { value, types } = await scrape({ services: { shop: stats } });
  const name = 'fairlead_upgraded_connection_duration_seconds';
  t.equal(types.get(name), 'histogram');
  t.equal(value(`${name}_bucket`, { service: 'shop', le: '1' }), 1);
  t.equal(value(`${name}_bucket`, { service: 'shop', le: '86400' }), 2);
  t.equal(value(`${name}_count`, { service: 'shop' }), 3);
  t.equal(value(`${name}_sum`, { service: 'shop' }), 90_000.5);
  t.equal(value('fairlead_request_duration_seconds_count', { service: 'shop' }), 1);
  t.equal(value('fairlead_upgraded_bytes_total', { service: 'shop', direction: 'in' }), 5);
  t.equal(value('fairlead_upgraded_bytes_total', { service: 'shop', direction: 'out' }), 7);
});

t.test('retries, fallbacks, connections and what reached no service are counted', async (t) => {
  const stats = { ...served([]), retries: 4, retriesDenied: 8, hedges: 9, hedgesWon: 7, fallbacks: 2 };
  const unrouted: number[] = [];
  unrouted[404] = 7;
  unrouted[400] = 1;
  unrouted[500] = 0;
  const counts = {
    listeners: { http: { connections: 5, connectionsTotal: 50 } },
    clientsRefusedFull: 3,
    clientsRefusedPerClient: 4,
    clientsClosedIdle: 6,
    upgrades: 1,
  };
  const { value, find } = await scrape({ services: { shop: stats }, unrouted, ...counts });
  t.equal(value('fairlead_retries_total', { service: 'shop' }), 4);
  t.equal(value('fairlead_retries_denied_total', { service: 'shop' }), 8);
  t.equal(value('fairlead_hedges_total', { service: 'shop', result: 'won' }), 7);
  t.equal(value('fairlead_hedges_total', { service: 'shop', result: 'lost' }), 2);
  t.equal(value('fairlead_fallbacks_total', { service: 'shop' }), 2);
  t.equal(value('fairlead_unrouted_requests_total', { code: '404' }), 7);
  t.equal(find('fairlead_unrouted_requests_total').length, 2, 'and only what happened');
  t.equal(value('fairlead_client_connections', { listener: 'http' }), 5);
  t.equal(value('fairlead_client_connections', { listener: 'http-2' }), 0, 'where nobody was yet, too');
  t.equal(value('fairlead_client_connections_total', { listener: 'http' }), 50);
  t.equal(value('fairlead_upgraded_connections'), 1);
  t.equal(value('fairlead_client_connections_refused_total', { limit: 'connections' }), 3);
  t.equal(value('fairlead_client_connections_refused_total', { limit: 'connections-per-client' }), 4);
  t.equal(value('fairlead_client_connections_closed_idle_total'), 6);
});

t.test('a backend is up without a flag, and down with one', async (t) => {
  const { value } = await scrape({}, twoBackends());
  t.equal(value('fairlead_backend_up', { service: 'shop', backend: 'a' }), 1);
  t.equal(value('fairlead_backend_up', { service: 'shop', backend: 'b' }), 0);
});

t.test('what is counted of a backend has its service and its name, its failures their reason', async (t) => {
  const failures = { 'connect-refused': 2, 'response-timeout': 1 };
  const counts = {
    requests: 10,
    failures,
    connectionsOpened: 3,
    ejections: { reset: 4 },
    inFlight: 2,
    idle: 1,
  };
  const { value, find } = await scrape({ backends: { 'shop/a': counts } }, twoBackends());
  const a = { service: 'shop', backend: 'a' };
  t.equal(value('fairlead_backend_requests_total', a), 10);
  t.equal(value('fairlead_backend_connections_total', a), 3);
  t.equal(value('fairlead_backend_in_flight', a), 2);
  t.equal(value('fairlead_backend_idle_connections', a), 1);
  t.equal(value('fairlead_backend_failures_total', { ...a, reason: 'connect-refused' }), 2);
  t.equal(value('fairlead_backend_failures_total', { ...a, reason: 'response-timeout' }), 1);
  t.equal(value('fairlead_ejections_total', { ...a, cause: 'reset' }), 4);
  const b = { service: 'shop', backend: 'b' };
  for (const name of ['requests_total', 'connections_total', 'in_flight', 'idle_connections'])
    t.equal(value(`fairlead_backend_${name}`, b), 0, `one that served nothing has a ${name} of 0`);
  t.equal(find('fairlead_backend_failures_total', b).length, 0);
});

t.test('a source says whether it hears, and for how long it has not', async (t) => {
  const sources = [
    { name: 'docker', target: 'unix:///x', connected: false, staleSince: NOW - 12_500, error: 'gone' },
    { name: 'file', target: 'fairlead.yaml', connected: true },
  ];
  const { value } = await scrape({}, { sources });
  t.equal(value('fairlead_source_connected', { source: 'docker' }), 0);
  t.equal(value('fairlead_source_stale_seconds', { source: 'docker' }), 12.5);
  t.equal(value('fairlead_source_connected', { source: 'file' }), 1);
  t.equal(value('fairlead_source_stale_seconds', { source: 'file' }), 0);
});

t.test('problems are counted by severity, also when there are none', async (t) => {
  const problem = (severity: Problem['severity']): Problem => {
    return { severity, source: 'docker', subject: 'web', where: '', message: 'is wrong' };
  };
  const some = await scrape({}, { problems: [problem('error'), problem('error'), problem('notice')] });
  t.equal(some.value('fairlead_problems', { severity: 'error' }), 2);
  t.equal(some.value('fairlead_problems', { severity: 'notice' }), 1);
  const none = await scrape();
  t.equal(none.value('fairlead_problems', { severity: 'error' }), 0);
});

t.test('the build and the version of the table are told, next to the process itself', async (t) => {
  const { find, value, types } = await scrape({}, { version: 42 });
  t.strictSame(find('fairlead_build_info'), [
    { name: 'fairlead_build_info', labels: { version: '1.2.3', node: process.version }, value: 1 },
  ]);
  t.equal(value('fairlead_snapshot_version'), 42);
  t.ok(value('process_resident_memory_bytes') > 0);
  t.equal(types.get('process_cpu_seconds_total'), 'counter');
});

t.test('what only grows is a counter, what goes up and down is a gauge', async (t) => {
  const { types } = await scrape();
  const ours = [...types].filter(([name]) => name.startsWith('fairlead_'));
  t.ok(ours.length >= 19);
  for (const [name, type] of ours) {
    const isDuration = name.endsWith('_duration_seconds');
    t.equal(type, isDuration ? 'histogram' : name.endsWith('_total') ? 'counter' : 'gauge', name);
  }
});

/** The lines about services at several times, in minutes, in which `change` may change what is counted. */
async function linesOverTime(
  services: Record<string, ServiceStats>,
  snapshot: Snapshot,
  minutes: readonly number[],
  change: (minute: number) => void = () => {},
): Promise<number[]> {
  let now = NOW;
  const registry = makeMetrics({
    snapshot: () => snapshot,
    stats: () => ({ ...NO_TRAFFIC, services }),
    workers: () => [],
    slots: () => [],
    listeners: () => [listenerOn(80), listenerOn(81, { name: 'http-2' })],
    internalErrors: () => ({}),
    linesLost: () => ({}),
    version: '1.2.3',
    now: () => now,
  });
  const lines: number[] = [];
  for (const minute of minutes) {
    change(minute);
    now = NOW + minute * 60_000;
    const { samples } = parseMetrics(await registry.metrics());
    lines.push(samples.filter(({ labels }) => labels['service'] !== undefined).length);
  }
  return lines;
}

t.test('lines that were lost are those of this process and of its workers', async (t) => {
  const registry = makeMetrics({
    snapshot: () => EMPTY_SNAPSHOT,
    stats: () => ({ ...NO_TRAFFIC, linesLost: { access: 3, program: 1 } }),
    workers: () => [],
    slots: () => [],
    listeners: () => [listenerOn(80), listenerOn(81, { name: 'http-2' })],
    linesLost: () => ({ access: 2, program: 0 }),
    internalErrors: () => ({}),
    version: '1.2.3',
    now: () => NOW,
  });
  const { value } = parseMetrics(await registry.metrics());
  t.equal(value('fairlead_log_lines_dropped_total', { log: 'access' }), 5);
  t.equal(value('fairlead_log_lines_dropped_total', { log: 'program' }), 1);
});

t.test('what is gone has no series any more ten minutes after its last request', async (t) => {
  const names = Array.from({ length: 1_500 }, (_, i) => `gone-${i}`);
  const services = Object.fromEntries(names.map((name) => [name, served([1], { 200: 1 })]));
  const snapshot = { ...EMPTY_SNAPSHOT, services: names.map((name) => makeService(name, {}, [])) };
  const [first = 0, ...later] = await linesOverTime(services, snapshot, [0, 9, 10, 60]);
  t.ok(first > 1_500 * 20);
  t.strictSame(later, [first, 0, 0]);
});

t.test('what was never asked for has no series without backends', async (t) => {
  const snapshot = { ...EMPTY_SNAPSHOT, services: [makeService('gone', {}, [])] };
  t.strictSame(await linesOverTime({ gone: makeServiceStats() }, snapshot, [0]), [0]);
});

t.test('a service without backends keeps its series while it is asked for', async (t) => {
  const gone = makeServiceStats();
  const snapshot = { ...EMPTY_SNAPSHOT, services: [makeService('gone', {}, [])] };
  const ask = (minute: number) => {
    if (minute < 20) gone.codes[503] = (gone.codes[503] ?? 0) + 1;
  };
  const [first = 0, ...later] = await linesOverTime({ gone }, snapshot, [0, 8, 16, 24, 25, 27], ask);
  t.strictSame(
    later.map((lines) => lines > 0),
    [true, true, true, true, false],
  );
  t.ok(first > 0);
});

t.test(
  'a service with backends has its series however long nobody asks, and goes on after a gap',
  async (t) => {
    const shop = served([1], { 200: 1 });
    const snapshot = { ...EMPTY_SNAPSHOT, ...twoBackends() };
    const [first = 0, later] = await linesOverTime({ shop }, snapshot, [0, 600]);
    t.equal(later, first);
    const services: Service[] = [makeService('shop', {}, [])];
    const comesAndGoes = { ...EMPTY_SNAPSHOT, services };
    const lines = await linesOverTime({ shop }, comesAndGoes, [0, 20, 30], (minute) => {
      if (minute === 30) services[0] = snapshot.services?.[0] as Service;
    });
    t.strictSame(
      lines.map((count) => count > 0),
      [true, false, true],
    );
  },
);

t.test('a name cannot break out of its label', async (t) => {
  const name = 'a"} 1\nfake_metric{x="\\';
  const { value, find } = await scrape({ services: { [name]: served([], { 200: 1 }) } });
  t.equal(value('fairlead_requests_total', { service: name }), 1);
  t.equal(find('fake_metric').length, 0);
});

t.test('values are read at the time of asking', async (t) => {
  let version = 1;
  const snapshot = () => ({ ...EMPTY_SNAPSHOT, version: version++ });
  const rest = {
    workers: () => [],
    slots: () => [],
    listeners: () => [listenerOn(80), listenerOn(81, { name: 'http-2' })],
    internalErrors: () => ({}),
    linesLost: () => ({}),
    version: '1.2.3',
  };
  const registry = makeMetrics({ snapshot, stats: () => NO_TRAFFIC, ...rest, now: () => NOW });
  const read = async () => parseMetrics(await registry.metrics()).value('fairlead_snapshot_version');
  const [first, second] = [await read(), await read()];
  t.ok(second > first);
});

t.test('the name of a service is shortened for its label, and stays its own', async (t) => {
  const path = `shop.org/${'x'.repeat(2_000)}`;
  const services = Object.fromEntries(['1', '2'].map((end) => [path + end, served([], { 200: 1 })]));
  const backendless = Object.keys(services).map((name) => makeService(name, {}, []));
  const metrics = await scrape({ services }, { services: backendless });
  const labels = metrics.find('fairlead_requests_total').map(({ labels }) => labels['service'] ?? '');
  t.equal(new Set(labels).size, 2);
  for (const label of labels) t.match(label, /^shop\.org\/x{191}…[0-9a-f]{8}$/);
});
