import type { Options } from './config/options.ts';
import type { Clock } from './model/clock.ts';
import type { BackendSignal } from './model/signal.ts';
import type { Traffic } from './model/traffic.ts';
import type { Log } from './telemetry/log.ts';
import { makePlane, type PlaneOptions } from './worker.ts';
import { LocalTraffic } from './workers/local.ts';
import { spawnWorkers } from './workers/process.ts';
import { Supervisor } from './workers/supervisor.ts';

export interface TrafficInput {
  readonly options: Options;
  readonly log: Log;
  /** The program that worker processes run; needed for more than one. */
  readonly program?: string;
  /** Standard error is a terminal. */
  readonly isTerminal?: boolean;
}

/** Where requests are carried: in this process, or in those of several workers. */
export function makeTraffic(
  { options, log, program, isTerminal = false }: TrafficInput,
  clock: Clock,
  instance: string,
  onSignal: (signal: BackendSignal) => void,
): Traffic {
  const given = trafficOptions(options, instance);
  if (options.workers === 1) return new LocalTraffic(makePlane(given, log, clock, onSignal), clock);
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

/** What each worker is told: nothing that is secret, and its share of what all together may have. */
export function trafficOptions({ adminToken: _, ...options }: Options, instance: string): PlaneOptions {
  // 0 is what a process can by itself.
  return { ...options, instance, maxConnections: Math.ceil(options.maxConnections / options.workers) };
}
