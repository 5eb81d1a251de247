import { closeSync } from 'node:fs';
import type { Plane } from '../model/data-plane.ts';
import { EMPTY_KEYRING } from '../model/keyring.ts';
import type { BackendSignal } from '../model/signal.ts';
import { EMPTY_SNAPSHOT } from '../model/snapshot.ts';
import { guarded, internalErrors } from '../telemetry/internal-errors.ts';
import { linesLost } from '../telemetry/output.ts';
import type { Channel, InheritedSocket, Start, ToSupervisor, ToWorker } from './channel.ts';
import { usage } from './usage.ts';
import { packStats, unpackSnapshot, type WireSnapshot } from './wire.ts';
import { unpackKeyring, type WireKeyring } from './wire-keyring.ts';

type MakePlane = (start: Start, onSignal: (signal: BackendSignal) => void) => Plane;

/** Runs a data plane in a worker process, as its supervisor says. */
export class Worker {
  /** Resolves when the process may end. */
  readonly ended: Promise<void>;
  readonly #channel: Channel<ToWorker, ToSupervisor>;
  readonly #makePlane: MakePlane;
  readonly #closeFd: (fd: number) => void;
  readonly #end = Promise.withResolvers<void>();
  #plane: Plane | undefined;
  /** The inherited sockets by slot, without those that the plane listens on. */
  #unused: (readonly InheritedSocket[])[] = [];
  #snapshot = EMPTY_SNAPSHOT;
  #keyring = EMPTY_KEYRING;
  #graceMs = 0;
  #isStopping = false;

  constructor(channel: Channel<ToWorker, ToSupervisor>, makePlane: MakePlane, closeFd = closeSync) {
    this.ended = this.#end.promise;
    this.#channel = channel;
    this.#makePlane = makePlane;
    this.#closeFd = closeFd;
    channel.onMessage(guarded('channel', (message: ToWorker) => this.#onMessage(message)));
    // Without its supervisor a worker learns of no change, and nobody could stop it.
    channel.onClose(() => void this.#stop(this.#graceMs));
  }

  #onMessage(message: ToWorker): void {
    switch (message.kind) {
      case 'start':
        return void this.#start(message);
      case 'snapshot':
        return this.#apply(message.snapshot);
      case 'keyring':
        return this.#adoptKeyring(message.keyring);
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
      this.#adoptKeyring(message.keyring);
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
    // Confirmed even if applying throws: the supervisor sends the next snapshot only then.
    guarded('snapshot', () => this.#plane?.apply(this.#snapshot))();
    void this.#channel.send({ kind: 'applied', version: this.#snapshot.version });
  }

  #adoptKeyring(wire: WireKeyring): void {
    this.#keyring = unpackKeyring(wire, this.#keyring);
    guarded('channel', () => this.#plane?.adoptKeyring(this.#keyring))();
  }

  /** Listens on the sockets of a slot. */
  async #listen(worker: number): Promise<void> {
    const slot = (worker - 1) % this.#unused.length;
    const sockets = this.#unused[slot] ?? [];
    this.#unused[slot] = [];
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
    // A socket that any process keeps open keeps clients waiting in its queue.
    for (const { fd } of this.#unused.splice(0).flat()) this.#closeFd(fd);
    await this.#plane?.stop(graceMs);
    // The supervisor keeps what was counted since the last report.
    await this.#report();
    this.#end.resolve();
  }
}
