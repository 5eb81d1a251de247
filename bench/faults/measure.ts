import { availableParallelism, loadavg } from 'node:os';
import { request } from 'undici';
import { type Contender, RunningProxy } from './contender.ts';
import { type Experiment, type Method, ms, type Scene, type Score } from './experiment.ts';
import { Fleet } from './fleet.ts';
import { type LoadProcess, startLoadProcess } from './load.ts';
import { score } from './score.ts';

const PORT = 19_180;
/** Load before the fault, and after it. */
const WARM_MS = 2_000;
const SETTLE_MS = 4_000;

export interface MeasureOptions {
  readonly image: string;
  readonly rate: number;
  /** Factor of the times before and after a fault. */
  readonly pace: number;
}

export interface Measured extends Score {
  readonly rate: number;
  /** The load average of the machine in the last minute before, divided by its cores: 0 is a machine that rests. */
  readonly busy: number;
  readonly notes: readonly string[];
}

/** One fault, once: containers, a proxy, load, and what came of it. */
export async function measure(
  experiment: Experiment,
  contender: Contender,
  method: Method,
  { image, rate: usualRate, pace }: MeasureOptions,
): Promise<Measured> {
  const { labels = {}, env = {}, rate = usualRate } = experiment;
  const busy = (loadavg()[0] ?? 0) / availableParallelism();
  const fleet = await Fleet.start({ image, labels, env });
  let proxy: RunningProxy | undefined;
  let load: LoadProcess | undefined;
  try {
    proxy = await RunningProxy.start(contender, {
      backends: fleet.backends,
      port: PORT,
      workers: experiment.workers ?? 1,
      retriesStatuses: experiment.retriesStatuses ?? false,
      ...(experiment.files !== undefined && { files: experiment.files }),
    });
    await allServe(proxy, fleet);
    const notes: string[] = [];
    let happenedAt: number | undefined;
    const scene: Scene = {
      fleet,
      proxy,
      happened: () => {
        happenedAt = Date.now();
      },
      note: (text) => notes.push(text),
    };
    load = await startLoadProcess(proxy.origin, { host: fleet.host, rate, method });
    await ms(WARM_MS * pace);
    const beganAt = Date.now();
    await experiment.fault(scene);
    const endedAt = Date.now();
    await experiment.recovery?.(scene);
    await ms((experiment.settleMs ?? SETTLE_MS) * pace);
    const outcomes = await load.stop();
    const scored = score({
      ...{ outcomes, received: await fleet.received(), victim: fleet.victim.name },
      ...{ beganAt, happenedAt: happenedAt ?? beganAt, endedAt },
      hasRecovery: experiment.recovery !== undefined,
      expectedFailures: experiment.expected ?? [],
    });
    return { ...scored, rate, busy, notes };
  } finally {
    load?.kill();
    await proxy?.stop();
    await fleet.stop();
  }
}

/** Waits until the proxy has found all backends. */
async function allServe({ origin }: RunningProxy, { host, backends }: Fleet): Promise<void> {
  const missing = new Set(backends.map(({ name }) => name));
  for (let i = 0; missing.size > 0; i++) {
    if (i === 400) throw new Error(`not served within 10 s: ${[...missing].join()}`);
    const name = await request(origin, { headers: { host } }).then(
      ({ body }) => body.text(),
      () => undefined,
    );
    if (name === undefined || !missing.delete(name)) await ms(25);
  }
}
