import type { WorkerStatus } from '../model/traffic.ts';

/** What a process has used so far. */
export type Usage = Pick<WorkerStatus, 'cpuSeconds' | 'memoryBytes'>;

/** Of this process. */
export function usage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
}
