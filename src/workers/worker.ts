import { closeSync } from 'node:fs';
import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT } from '../model/snapshot.ts';
import type { Plane } from '../model/traffic.ts';
import { guarded, internalErrors } from '../telemetry/internal-errors.ts';
import { linesLost } from '../telemetry/output.ts';
import type { Channel, InheritedSocket, Start, ToSupervisor, ToWorker } from './channel.ts';
import { usage } from './usage.ts';
import { packStats, unpackSnapshot, type WireSnapshot } from './wire.ts';

type MakePlane = (start: Start, onSignal: (signal: BackendSignal) => void) => Plane;

/** Runs a plane as a supervisor says. */
export class Worker {
  /** Resolves when the process may end. */
  readonly ended: Promise<void>;
  readonly #channel: Channel<ToWorker, ToSupervisor>;
  readonly #makePlane: MakePlane;
  readonly #closeFd: (fd: number) => void;
  readonly #end = Promise.withResolvers<void>();
  #plane: Plane | undefined;
  /** By place; those of which it takes connections are its plane's. */
  #unused: (readonly InheritedSocket[])[] = [];
  #snapshot = EMPTY_SNAPSHOT;
  #graceMs = 0;
  #isStopping = false;

  constructor(channel: Channel<ToWorker, ToSupervisor>, makePlane: MakePlane, closeFd = closeSync) {
    this.ended = this.#end.promise;
    this.#channel = channel;
    this.#makePlane = makePlane;
    this.#closeFd = closeFd;
    channel.onMessage(guarded('channel', (message: ToWorker) => this.#onMessage(message)));
    // Without a supervisor nobody tells it what to serve, and nobody knows of it.
    channel.onClose(() => void this.#stop(this.#graceMs));
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        return void this.#start(message);
      case 'snapshot':
        return this.#apply(message.snapshot);
      case 'options':
        return guarded('channel', () => this.#plane?.adopt(message.options))();
      case 'cover':
        return void this.#listen(message.worker).catch(() => {});
      case 'report':
        return void this.#report();
      case 'stop':
        return void this.#stop(message.graceMs);
    }
  }

  async #start(message: Start): Promise<void> {
    this.#graceMs = message.graceMs;
    this.#unused = [...message.sockets];
    try {
      this.#plane = this.#makePlane(message, (signal) => void this.#channel.send({ kind: 'signal', signal }));
      this.#apply(message.snapshot);
      await this.#listen(message.worker);
      await this.#channel.send({ kind: 'serving' });
    } catch (error) {
      await this.#channel.send({ kind: 'failed', message: (error as Error).message });
      this.#end.resolve();
    }
  }

  #apply(wire: WireSnapshot): void {
    this.#snapshot = unpackSnapshot(wire, this.#snapshot);
    // Also when it fails: the next one may be followed, and is sent only then.
    guarded('snapshot', () => this.#plane?.apply(this.#snapshot))();
    void this.#channel.send({ kind: 'applied', version: this.#snapshot.version });
  }

  /** Takes the connections of a place. */
  async #listen(worker: number): Promise<void> {
    const place = (worker - 1) % this.#unused.length;
    const sockets = this.#unused[place] ?? [];
    this.#unused[place] = [];
    for (const { listener, fd } of sockets) await this.#plane?.listen(listener, { fd });
  }

  async #report(): Promise<void> {
    if (this.#plane === undefined) return;
    await this.#channel.send({
      kind: 'report',
      stats: packStats({
        ...this.#plane.stats(),
        internalErrors: internalErrors.counts,
        linesLost: linesLost(),
      }),
      usage: usage(),
    });
  }

  async #stop(graceMs: number): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    // As long as anybody has them open, clients wait in them.
    for (const { fd } of this.#unused.splice(0).flat()) this.#closeFd(fd);
    await this.#plane?.stop(graceMs);
    // What it counted since the last report.
    await this.#report();
    this.#end.resolve();
  }
}
