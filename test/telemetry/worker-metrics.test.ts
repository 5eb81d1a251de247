import t from 'tap';
import type { WorkerStatus } from '../../src/model/data-plane.ts';
import { EMPTY_SNAPSHOT } from '../../src/model/snapshot.ts';
import { NO_TRAFFIC } from '../../src/model/stats.ts';
import { makeMetrics } from '../../src/telemetry/metrics.ts';
import { ADMIN_WORKER } from '../support/admin.ts';
import { parseMetrics } from '../support/metrics.ts';

async function scrape(workers: readonly Partial<WorkerStatus>[]) {
  const registry = makeMetrics({
    snapshot: () => EMPTY_SNAPSHOT,
    stats: () => NO_TRAFFIC,
    workers: () => workers.map((worker) => ({ ...ADMIN_WORKER, ...worker })),
    listeners: () => [],
    slots: () => [
      { worker: 1, requests: 60, cpuSeconds: 2.5, restarts: 3 },
      { worker: 2, requests: 40, cpuSeconds: 1.5, restarts: 0 },
    ],
    internalErrors: () => ({}),
    linesLost: () => ({}),
    version: '1.2.3',
    now: () => 0,
  });
  return parseMetrics(await registry.metrics());
}

t.test('each worker has what its place has counted, however many were there', async (t) => {
  const { value, types } = await scrape([{ worker: 1 }, { worker: 2 }]);
  t.equal(value('fairlead_workers'), 2);
  t.equal(value('fairlead_worker_restarts_total', { worker: '1' }), 3);
  t.equal(value('fairlead_worker_requests_total', { worker: '2' }), 40);
  t.equal(value('fairlead_worker_cpu_seconds_total', { worker: '1' }), 2.5);
  t.equal(types.get('fairlead_worker_requests_total'), 'counter');
});

t.test('one that drains counts with its successor, and serves no more', async (t) => {
  const { value, find } = await scrape([
    { worker: 1, connections: 4, memoryBytes: 10, state: 'draining' },
    { worker: 1, connections: 3, memoryBytes: 20, startedAt: 7_000 },
  ]);
  t.equal(value('fairlead_workers'), 1);
  t.equal(value('fairlead_worker_connections', { worker: '1' }), 7);
  t.equal(value('fairlead_worker_memory_bytes', { worker: '1' }), 30);
  t.equal(value('fairlead_worker_start_time_seconds', { worker: '1' }), 7);
  t.equal(value('fairlead_worker_connections', { worker: '2' }), 0, 'a place whose worker is gone');
  t.equal(find('fairlead_worker_start_time_seconds', { worker: '2' }).length, 0);
});
