import type { Test } from 'tap';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';
import { NO_TRAFFIC, type TrafficStats } from '../../src/model/stats.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import type { ToSupervisor, ToWorker } from '../../src/workers/channel.ts';
import type { WorkerProcess } from '../../src/workers/process.ts';
import { Supervisor, type SupervisorInput } from '../../src/workers/supervisor.ts';
import { packStats, unpackSnapshot } from '../../src/workers/wire.ts';
import { FakeClock, settle } from './clock.ts';
import { listenerOn } from './listener.ts';

/** A worker process that a test plays. It does all that it is asked, unless the test says otherwise. */
export class FakeProcess implements WorkerProcess {
  readonly pid: number;
  readonly exited: Promise<string>;
  readonly closed: Promise<void>;
  /** What it was sent, in order. */
  readonly received: ToWorker[] = [];
  /** What it was made to follow, as it would have unpacked it. */
  readonly followed: Snapshot[] = [];
  stats: TrafficStats = NO_TRAFFIC;
  /** It says that it took a snapshot. */
  doesApply = true;
  /** It answers questions and stops when it is told to. */
  isResponsive = true;
  readonly #exit = Promise.withResolvers<string>();
  #take: (message: ToSupervisor) => void = () => {};
  readonly channel = {
    send: async (message: ToWorker) => this.#receive(message),
    onMessage: (take: (message: ToSupervisor) => void) => {
      this.#take = take;
    },
    onClose: () => {},
  };

  constructor(pid: number) {
    this.pid = pid;
    this.exited = this.#exit.promise;
    this.closed = this.exited.then(() => {});
  }

  get kinds(): string[] {
    return this.received.map(({ kind }) => kind);
  }

  say(message: ToSupervisor): void {
    this.#take(message);
  }

  applied(): void {
    const last = this.followed.at(-1);
    if (last !== undefined) this.say({ kind: 'applied', version: last.version });
  }

  report(): void {
    const usage = { cpuSeconds: this.pid, memoryBytes: 1_000 };
    this.say({ kind: 'report', stats: packStats(this.stats), usage });
  }

  die(how = 'SIGSEGV'): void {
    this.#exit.resolve(how);
  }

  kill(): void {
    this.die('SIGKILL');
  }

  #receive(message: ToWorker): void {
    this.received.push(message);
    if (message.kind === 'start' || message.kind === 'snapshot') {
      const before = this.followed.at(-1) ?? EMPTY_SNAPSHOT;
      this.followed.push(unpackSnapshot(message.snapshot, before));
      if (this.doesApply) queueMicrotask(() => this.applied());
    }
    if (!this.isResponsive) return;
    if (message.kind === 'start') queueMicrotask(() => this.say({ kind: 'serving' }));
    if (message.kind === 'report') queueMicrotask(() => this.report());
    if (message.kind === 'stop') {
      queueMicrotask(() => {
        this.report();
        this.die('exit code 0');
      });
    }
  }
}

export interface Scene {
  readonly clock: FakeClock;
  readonly supervisor: Supervisor;
  /** All that were ever started, in order. */
  readonly processes: FakeProcess[];
  /** The one that was started as that, from 0. */
  started(index: number): FakeProcess;
}

/** A supervisor of workers that the test plays. */
export function makeScene(
  t: Test,
  count: number,
  prepare: (process: FakeProcess) => void = () => {},
  input: Partial<SupervisorInput> = {},
): Scene {
  const clock = new FakeClock();
  const processes: FakeProcess[] = [];
  const spawn = () => {
    const process = new FakeProcess(1_000 + processes.length);
    prepare(process);
    processes.push(process);
    return process;
  };
  const supervisor = new Supervisor({
    count,
    spawn,
    options: { pages: 'here' },
    isTerminal: false,
    graceMs: 5_000,
    onSignal: () => {},
    log: silentLog(),
    clock,
    ...input,
  });
  t.teardown(() => supervisor.kill());
  const started = (index: number) => {
    const process = processes[index];
    if (process === undefined) throw new Error(`only ${processes.length} workers were started`);
    return process;
  };
  return { clock, supervisor, processes, started };
}

/** The same with all workers serving on a free port. */
export async function startScene(...args: Parameters<typeof makeScene>): Promise<Scene> {
  const scene = makeScene(...args);
  await scene.supervisor.start([listenerOn()]);
  await settle();
  return scene;
}
