import type { Clock } from '../model/clock.ts';
import type { SlotStatus } from '../model/data-plane.ts';
import type { Log } from '../telemetry/log.ts';
import type { RemoteWorker } from './remote-worker.ts';

/** The death of a worker that served for so long begins a new row of deaths. */
export const STABLE_MS = 30_000;
/** The delay before a restart after the second death in a row; it doubles with each further one. The first has none. */
const BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** After so many deaths in a row a person should look at it. */
const ALARMING = 3;

/** What a slot needs of its supervisor. */
export interface SlotContext {
  readonly log: Log;
  readonly clock: Clock;
  /** Starts a worker for the slot of this number, from 1. */
  spawn(worker: number): RemoteWorker;
  /** A worker has ended, and its counts must be kept. */
  onGone(worker: RemoteWorker): void;
  /** The successor of a worker that died takes connections. */
  onReplaced(): void;
}

/** One of the fixed number of slots, in each of which one worker runs: restarts it when it dies, replaces it on request. */
export class WorkerSlot {
  /** Its processes that have not ended, including those that drain or are not ready yet. */
  readonly workers = new Set<RemoteWorker>();
  readonly #worker: number;
  readonly #context: SlotContext;
  /** The worker that takes connections, or will once it is ready. */
  #current: RemoteWorker | undefined;
  #restarts = 0;
  /** How many workers died in a row, each before it was stable. */
  #deaths = 0;
  #lastDeath = '';
  /** The work of workers that have ended. */
  #gone = { requests: 0, cpuSeconds: 0 };
  #isStopping = false;
  #cancelRestart = () => {};

  constructor(worker: number, context: SlotContext) {
    this.#worker = worker;
    this.#context = context;
  }

  /** Resolves when the worker takes connections; rejects when it cannot. */
  start(): Promise<void> {
    this.#cancelRestart();
    this.#current = this.#spawn();
    return this.#current.ready;
  }

  /** Starts a new worker, and when that is ready ends the old one. Rejects, and keeps the old one, when the new one cannot begin. */
  async replace(graceMs: number): Promise<void> {
    const fresh = this.#spawn();
    await fresh.ready;
    if (this.#isStopping) return;
    // Read only now: the old worker may have died and been replaced while the new one started.
    const old = this.#current;
    this.#cancelRestart();
    this.#current = fresh;
    this.#deaths = 0;
    if (old !== undefined) this.#dismiss(old, graceMs);
  }

  stop(graceMs: number): void {
    this.#isStopping = true;
    this.#cancelRestart();
    for (const worker of this.workers) this.#dismiss(worker, graceMs);
  }

  get isServing(): boolean {
    return this.#current?.isServing === true;
  }

  /** Whether the worker died and its successor does not take connections yet. */
  get isVacant(): boolean {
    return this.#deaths > 0 && !this.isServing;
  }

  /** Whether no worker of this slot serves requests by a snapshot older than this version. */
  follows(version: number): boolean {
    return !this.isServing || this.#current?.follows(version) === true;
  }

  status(): SlotStatus {
    const all = [...this.workers].map((worker) => worker.status());
    const { requests, cpuSeconds } = [this.#gone, ...all].reduce(addWork);
    return { worker: this.#worker, requests, cpuSeconds, restarts: this.#restarts };
  }

  /** A sentence for people when the worker keeps dying. */
  get alarm(): string | undefined {
    const since = this.#current?.servingSince;
    const isStable = since !== undefined && this.#context.clock.elapsed() - since >= STABLE_MS;
    if (this.#deaths < ALARMING || isStable) return undefined;
    return `keeps dying: ${this.#deaths} times in a row, last by ${this.#lastDeath}`;
  }

  #spawn(): RemoteWorker {
    const worker = this.#context.spawn(this.#worker);
    this.workers.add(worker);
    void worker.exited.then((how) => this.#onExit(worker, how));
    return worker;
  }

  /** Lets a worker finish its requests, and kills it when it does not end in time. */
  #dismiss(worker: RemoteWorker, graceMs: number): void {
    worker.stop(graceMs);
    const cancel = this.#context.clock.after(graceMs + 2_000, () => worker.kill());
    void worker.exited.then(cancel);
  }

  #onExit(worker: RemoteWorker, how: string): void {
    this.workers.delete(worker);
    this.#gone = addWork(this.#gone, worker.status());
    if (!worker.isDraining && !this.#isStopping) this.#onDeath(worker, how);
    this.#context.onGone(worker);
  }

  #onDeath(worker: RemoteWorker, how: string): void {
    const isCurrent = worker === this.#current;
    const { log, clock } = this.#context;
    log.error({ worker: this.#worker, pid: worker.pid }, `worker ${this.#worker} died: ${how}`);
    // When a worker dies that should only have become the next, the present one serves on.
    if (!isCurrent) return;
    this.#current = undefined;
    const served = worker.servingSince === undefined ? 0 : clock.elapsed() - worker.servingSince;
    this.#deaths = served >= STABLE_MS ? 1 : this.#deaths + 1;
    this.#lastDeath = how;
    this.#restart();
  }

  #restart(): void {
    const { log, clock } = this.#context;
    const delayMs = this.#deaths === 1 ? 0 : Math.min(BACKOFF_MS * 2 ** (this.#deaths - 2), MAX_BACKOFF_MS);
    if (this.alarm !== undefined)
      log.error({ worker: this.#worker }, `worker ${this.#worker} ${this.alarm}; next try in ${delayMs} ms`);
    this.#cancelRestart = clock.after(delayMs, () => {
      this.#restarts++;
      this.start().then(
        () => {
          this.#context.onReplaced();
          log.info({ worker: this.#worker, pid: this.#current?.pid }, `worker ${this.#worker} is replaced`);
        },
        // A start fails by the exit of the process, and that schedules the next try.
        () => {},
      );
    });
  }
}

interface Work {
  readonly requests: number;
  readonly cpuSeconds: number;
}

function addWork(a: Work, b: Work): Work {
  return { requests: a.requests + b.requests, cpuSeconds: a.cpuSeconds + b.cpuSeconds };
}
