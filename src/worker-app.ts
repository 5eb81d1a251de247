import { networkInterfaces } from 'node:os';
import type { Options } from './config/options.ts';
import { defaultMaxConnections, descriptorLimit, descriptorsFor } from './data/listener/descriptors.ts';
import { DataPlane } from './data/plane.ts';
import type { DataOptions } from './data/settings.ts';
import type { Border } from './model/border.ts';
import { type Clock, systemClock } from './model/clock.ts';
import type { Plane } from './model/data-plane.ts';
import { type IpRange, parseIpRange } from './model/ip.ts';
import type { BackendSignal } from './model/signal.ts';
import { pagesDir } from './shipped.ts';
import { type OpenAccessLog, openAccessLog } from './telemetry/access-log.ts';
import { makeErrorLog } from './telemetry/error-log.ts';
import { makeHandshakeLog } from './telemetry/handshake-log.ts';
import { guardedClock, surviveExceptions } from './telemetry/internal-errors.ts';
import { type Log, openLog } from './telemetry/log.ts';
import { parentChannel } from './workers/channel.ts';
import { Worker } from './workers/worker.ts';

/** The options of a data plane, as a supervisor sends them to its workers. */
export type PlaneOptions = Omit<Options, 'adminToken'> & {
  /** The same for all workers of this Fairlead; see `DataOptions`. */
  readonly instance: string;
};

/**
 * Makes what carries traffic in any process: a data plane and its logs.
 * @param onSignal is told what requests found out about a backend's health
 */
export function makePlane(
  options: PlaneOptions,
  log: Log,
  clock: Clock,
  onSignal: (signal: BackendSignal) => void,
): Plane {
  let accessLog = openLogOf(options);
  const errorLog = makeErrorLog(log, clock);
  const handshakeLog = makeHandshakeLog(log, clock);
  const plane = new DataPlane(
    { ...dataOptions(options, log), instance: options.instance, tlsMin: options.tlsMin },
    {
      ...(accessLog && { onAccess: accessLog.write }),
      onError: errorLog.write,
      onHandshakeFailure: handshakeLog.write,
      onUntrustedProto: errorLog.untrustedProto,
      onSignal,
    },
    clock,
  );
  let format = options.accessLog;
  return {
    apply: (snapshot) => plane.apply(snapshot),
    adoptKeyring: (keyring) => plane.adoptKeyring(keyring),
    listen: (listener, bound) => plane.listen(listener, bound),
    stats: () => plane.stats(),
    adopt(given) {
      const changed = given as PlaneOptions;
      if (changed.accessLog !== format) {
        accessLog?.close();
        accessLog = openLogOf(changed);
        format = changed.accessLog;
      }
      plane.adopt(dataOptions(changed, log), accessLog?.write);
    },
    async stop(graceMs) {
      await plane.stop(graceMs);
      accessLog?.flush();
      errorLog.flush();
      handshakeLog.flush();
    },
  };
}

function openLogOf({ accessLog }: PlaneOptions): OpenAccessLog | undefined {
  return accessLog === 'off' ? undefined : openAccessLog(accessLog);
}

function dataOptions(options: PlaneOptions, log: Log): DataOptions {
  return {
    ...options,
    pages: pagesDir(options),
    maxConnections: maxConnections(options, log),
    border: borderOf(options),
  };
}

/** Where labels must not lead, according to the options. */
export function borderOf({
  http,
  https,
  admin,
  fallbackAllow,
}: Pick<Options, 'http' | 'https' | 'admin' | 'fallbackAllow'>): Border {
  return {
    listeners: [...http, ...(https || []), ...(admin === false ? [] : [admin])],
    allowed: fallbackAllow.map((range) => parseIpRange(range) as IpRange),
    local: () =>
      Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  };
}

/** As many connections as the options say, with a warning when the process cannot serve them; without, all that it can. */
function maxConnections({ maxConnections: wanted }: PlaneOptions, log: Log): number {
  const limit = descriptorLimit();
  if (wanted === 0) return defaultMaxConnections(limit);
  const needed = descriptorsFor(wanted);
  if (limit !== undefined && needed > limit)
    log.warn(
      `${wanted} connections need ${needed} file descriptors, of which a process may open ${limit} (ulimit -n)`,
    );
  return wanted;
}

/** Makes this process a worker; resolves when it may end. Undefined when no supervisor started it. */
export function runWorkerProcess(): Promise<void> | undefined {
  const channel = parentChannel();
  if (channel === undefined) return undefined;
  // Terminals and some service managers send these to the whole process group; only the supervisor acts on them.
  const ignored = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
  for (const signal of ignored) process.on(signal, () => {});
  const hosted = new Worker(channel, ({ options, isTerminal, worker }, onSignal) => {
    const given = options as PlaneOptions;
    const { log, change } = openLog(given, isTerminal, { worker });
    surviveExceptions(log);
    const plane = makePlane(given, log, guardedClock(systemClock), onSignal);
    return {
      ...plane,
      adopt(changed) {
        change(changed as PlaneOptions);
        plane.adopt(changed);
      },
    };
  });
  return hosted.ended;
}
