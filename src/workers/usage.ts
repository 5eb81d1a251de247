import type { WorkerStatus } from '../model/data-plane.ts';

/** The processor time and memory that a process has used so far. */
export type Usage = Pick<WorkerStatus, 'cpuSeconds' | 'memoryBytes'>;

/** The usage of this process. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
}
