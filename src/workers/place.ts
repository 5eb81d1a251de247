import type { Clock } from '../model/clock.ts';
import type { WorkerPlace } from '../model/traffic.ts';
import type { Log } from '../telemetry/log.ts';
import type { RemoteWorker } from './remote.ts';

/** A worker that has served for so long is no sign of trouble when it dies. */
export const STABLE_MS = 30_000;
/** After the second death in a row; it doubles. The first is mended at once. */
const BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;
/** So many deaths in a row, and a person should look at it. */
const ALARMING = 3;

/** What a place needs of its supervisor. */
export interface PlaceContext {
  readonly log: Log;
  readonly clock: Clock;
  /** Starts a worker for a place, from 1. */
  spawn(worker: number): RemoteWorker;
  /** A worker is gone; its counts must not be. */
  onGone(worker: RemoteWorker): void;
  /** One that died has a successor. */
  onReplaced(): void;
}

/** Keeps one worker running: replaces those that die, and those that are to be replaced. */
export class Place {
  /** All of its processes that are still there. */
  readonly workers = new Set<RemoteWorker>();
  readonly #worker: number;
  readonly #context: PlaceContext;
  /** The one that takes connections, or will. */
  #current: RemoteWorker | undefined;
  #restarts = 0;
  /** Deaths in a row. */
  #deaths = 0;
  #lastDeath = '';
  /** What workers that are gone have done. */
  #gone = { requests: 0, cpuSeconds: 0 };
  #isStopping = false;
  #cancelRestart = () => {};

  constructor(worker: number, context: PlaceContext) {
    this.#worker = worker;
    this.#context = context;
  }

  /** Resolves when the worker takes connections; rejects when it cannot. */
  start(): Promise<void> {
    this.#cancelRestart();
    this.#current = this.#spawn();
    return this.#current.ready;
  }

  /** A new worker first, and then the end of the old one. Rejects, and keeps the old one, when the new one cannot begin. */
  async replace(graceMs: number): Promise<void> {
    const fresh = this.#spawn();
    await fresh.ready;
    if (this.#isStopping) return;
    // Which one it is now: the one that was may have died and been replaced meanwhile.
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

  /** The worker that served is gone, and no other is here yet. */
  get isVacant(): boolean {
    return this.#deaths > 0 && !this.isServing;
  }

  /** No worker serves, or the one that does follows a snapshot that is at least that new. */
  follows(version: number): boolean {
    return !this.isServing || this.#current?.follows(version) === true;
  }

  status(): WorkerPlace {
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

  /** It finishes what it has; one that does not end in time is ended. */
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
    // One that died while it was to become the next leaves everything as it is.
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
        // Its exit tells, and tries again.
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
