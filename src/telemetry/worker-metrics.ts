import type { SlotStatus, WorkerStatus } from '../model/data-plane.ts';
import type { MetricsView } from './metrics.ts';
import { type Add, type Sample, single } from './read-metric.ts';

/** Adds the metrics of workers. Their label is the number of the slot, so that a series outlives the process. */
export function addWorkers(add: Add, view: Pick<MetricsView, 'workers' | 'slots'>): void {
  add('gauge', 'workers', 'Processes that take connections', () =>
    single(view.workers().filter(({ state }) => state === 'serving').length),
  );
  const ofSlots = (read: (slot: SlotStatus) => number) =>
    view.slots().map((slot): Sample => ({ labels: { worker: slot.worker }, value: read(slot) }));
  add('counter', 'worker_restarts_total', 'Workers that died and were replaced', () =>
    ofSlots(({ restarts }) => restarts),
  );
  add('counter', 'worker_requests_total', 'Finished requests of each worker', () =>
    ofSlots(({ requests }) => requests),
  );
  add('counter', 'worker_cpu_seconds_total', 'Processor time of each worker', () =>
    ofSlots(({ cpuSeconds }) => cpuSeconds),
  );
  // A worker that drains shares its slot with its successor.
  const sums = (read: (worker: WorkerStatus) => number) =>
    ofSlots(({ worker }) =>
      view
        .workers()
        .filter((one) => one.worker === worker)
        .reduce((sum, one) => sum + read(one), 0),
    );
  add('gauge', 'worker_connections', 'Open connections of clients of each worker', () =>
    sums(({ connections }) => connections),
  );
  add('gauge', 'worker_memory_bytes', 'Resident memory of each worker', () =>
    sums(({ memoryBytes }) => memoryBytes),
  );
  add('gauge', 'worker_start_time_seconds', 'When the worker started, since the epoch', () =>
    view
      .workers()
      .filter(({ state }) => state === 'serving')
      .map(({ worker, startedAt }) => ({ labels: { worker }, value: startedAt / 1_000 })),
  );
}
