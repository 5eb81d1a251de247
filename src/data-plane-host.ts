import type { Options } from './config/options.ts';
import type { Clock } from './model/clock.ts';
import type { DataPlaneHost } from './model/data-plane.ts';
import type { BackendSignal } from './model/signal.ts';
import type { Log } from './telemetry/log.ts';
import { makePlane, type PlaneOptions } from './worker-app.ts';
import { InProcessHost } from './workers/in-process-host.ts';
import { spawnWorkers } from './workers/process.ts';
import { Supervisor } from './workers/supervisor.ts';

export interface DataPlaneInput {
  readonly options: Options;
  readonly log: Log;
  /** The program that worker processes run; needed for more than one worker. */
  readonly program?: string;
  /** Whether standard error is a terminal. */
  readonly isTerminal?: boolean;
}

/** Runs the data plane as the options say: in this process, or in several workers. */
export function makeDataPlaneHost(
  { options, log, program, isTerminal = false }: DataPlaneInput,
  clock: Clock,
  instance: string,
  onSignal: (signal: BackendSignal) => void,
): DataPlaneHost {
  const given = dataPlaneOptions(options, instance);
  if (options.workers === 1) return new InProcessHost(makePlane(given, log, clock, onSignal), clock);
  if (program === undefined) throw new Error('several workers need a program to run');
  return new Supervisor({
    count: options.workers,
    spawn: spawnWorkers(program),
    options: given,
    isTerminal,
    graceMs: options.grace,
    onSignal,
    log,
    clock,
  });
}

/** The options as each worker is told them: without secrets, and with its share of the connections that all may have. */
export function dataPlaneOptions({ adminToken: _, ...options }: Options, instance: string): PlaneOptions {
  // 0 stays 0, which means as many as the process can serve.
  return { ...options, instance, maxConnections: Math.ceil(options.maxConnections / options.workers) };
}
