import type { Readiness } from './admin/admin-server.ts';
import type { ControlPlane } from './control/control-plane.ts';
import type { Clock } from './model/clock.ts';
import type { DataPlaneHost } from './model/data-plane.ts';
import type { Listener } from './model/listener.ts';
import type { Log } from './telemetry/log.ts';
import { type Reserved, reserveAll } from './workers/sockets.ts';

/** After so many milliseconds the log tells which sources the start waits for. */
const WAITING_MS = 1_000;

/** The period of a timer whose only purpose is to keep the process alive. */
const KEEP_ALIVE_MS = 60_000;

export interface EntranceParts {
  /** Where clients connect. */
  readonly listeners: readonly Listener[];
  /** How long the sources may take to tell what there is, in milliseconds. */
  readonly startTimeout: number;
  readonly control: ControlPlane;
  readonly dataPlane: DataPlaneHost;
  readonly clock: Clock;
  readonly log: Log;
}

/** Lets clients in once routes are known. Until then connections are refused (docs/decisions/0030). */
export class Entrance {
  readonly #parts: EntranceParts;
  #reserved: Reserved | undefined;
  #listeners: readonly Listener[];
  #isOpen = false;
  /** The version of the first snapshot after enough was known. */
  #readyVersion: number | undefined;

  constructor(parts: EntranceParts) {
    this.#parts = parts;
    this.#listeners = parts.listeners;
  }

  /** Reserves all addresses. Rejects with a sentence for people when one of them cannot be listened on. */
  async reserve(): Promise<void> {
    this.#reserved = await reserveAll(this.#parts.listeners);
    this.#listeners = this.#reserved.listeners;
  }

  /** Where clients connect, with their real ports once those are known. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /**
   * Waits until the sources were heard or `startTimeout` is over, then takes requests; resolves with where. Rejects with a
   * sentence for people when the addresses cannot be listened on; never settles when the app is stopped before.
   */
  async open(): Promise<readonly Listener[]> {
    const { startTimeout, control, dataPlane, clock } = this.#parts;
    const cancel = clock.after(WAITING_MS, () => this.#logWaiting());
    // Without an admin address nothing else keeps the process alive: the socket to come is only reserved.
    const alive = setInterval(() => {}, KEEP_ALIVE_MS);
    await control.settle(startTimeout);
    clearInterval(alive);
    cancel();
    this.close();
    this.#listeners = await dataPlane.start(this.#listeners);
    this.#isOpen = true;
    return this.#listeners;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets go of the reserved addresses. */
  close(): void {
    this.#reserved?.release();
    this.#reserved = undefined;
  }

  /** Ready means that connections are taken, enough is known, and the data plane follows a snapshot that has it. */
  readiness(): Readiness {
    const { control, dataPlane } = this.#parts;
    const unheard = this.#unheard();
    if (!this.#isOpen || !control.readiness.isEnough) return { isReady: false, unheard };
    this.#readyVersion ??= control.snapshot.version;
    return { isReady: dataPlane.isServing(this.#readyVersion), unheard };
  }

  #logWaiting(): void {
    const { startTimeout, log } = this.#parts;
    const unheard = this.#unheard().map(({ source, reason }) => `${source} (${reason})`);
    if (unheard.length === 0) return;
    log.warn(
      `waits for ${unheard.join(', ')} before it takes requests, ${startTimeout / 1_000} s at the most (start-timeout)`,
    );
  }

  #unheard(): Readiness['unheard'] {
    const { readiness, snapshot } = this.#parts.control;
    return readiness.unheard.map((source) => {
      const status = snapshot.sources.find(({ name }) => name === source);
      const reason = status?.error ?? 'it has not answered yet';
      return { source, reason: status === undefined ? reason : `${status.target}: ${reason}` };
    });
  }
}
