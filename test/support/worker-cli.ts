import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import type { LiveWorker } from '../../src/admin/state.ts';
import { type CliOptions, type ServingCli, startCli } from './cli.ts';
import { ask } from './client.ts';
import { eventually } from './eventually.ts';
import { type ParsedMetrics, parseMetrics } from './metrics.ts';

/** A program that serves with several workers. */
export interface WorkerCli extends ServingCli {
  /** The workers that are there now. */
  workers(): Promise<readonly LiveWorker[]>;
  metrics(): Promise<ParsedMetrics>;
  /** Waits until other processes serve than these, as many as before. */
  replaced(before: readonly LiveWorker[]): Promise<readonly LiveWorker[]>;
}

/** `serve` of one service for every host, on these ports, which are not probed. Gone at the end of the test. */
export async function startWorkers(
  t: Test,
  ports: readonly number[],
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<WorkerCli> {
  const backends = ports.map((port) => `http://127.0.0.1:${port}`).join(', ');
  const text = `services:\n  shop: { host: "*", health: { type: none }, backends: [${backends}] }\n`;
  const cwd = t.testdir({ 'fairlead.yaml': text });
  const serving = await startCli(t, 'serve', ['--config', 'fairlead.yaml', '--workers', '2', ...args], {
    cwd,
    ...options,
  });
  const { admin } = serving;
  const workers = async (): Promise<readonly LiveWorker[]> =>
    JSON.parse((await ask(admin, { path: '/api/snapshot' })).body).workers;
  await eventually('it is ready', async () => (await ask(admin, { path: '/readyz' })).status === 200);
  return {
    ...serving,
    workers,
    metrics: async () => parseMetrics((await ask(admin, { path: '/metrics' })).body),
    replaced: (before) =>
      eventually('other workers serve', async () => {
        const now = await workers();
        const areOthers = now.every(({ pid, state }) => {
          return state === 'serving' && before.every((old) => old.pid !== pid);
        });
        return now.length === before.length && areOthers ? now : undefined;
      }),
  };
}

/** Whether a process runs. One that has ended, but whose end nobody has asked for, does not. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    return false;
  }
}
