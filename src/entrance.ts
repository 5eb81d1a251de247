import type { Readiness } from './admin/server.ts';
import type { ControlPlane } from './control/control-plane.ts';
import type { Clock } from './model/clock.ts';
import type { Listener } from './model/listener.ts';
import type { Traffic } from './model/traffic.ts';
import type { Log } from './telemetry/log.ts';
import { type Reserved, reserveAll } from './workers/sockets.ts';

/** After so long, in milliseconds, people are told what is waited for. */
const WAITING_MS = 1_000;

/** Of a timer that only has to be there. */
const KEEP_ALIVE_MS = 60_000;

export interface EntranceParts {
  /** Where clients connect. */
  readonly listeners: readonly Listener[];
  /** How long the sources may take to tell what there is, in milliseconds. */
  readonly startTimeout: number;
  readonly control: ControlPlane;
  readonly traffic: Traffic;
  readonly clock: Clock;
  readonly log: Log;
}

/** Lets clients in once it is known where their requests go. Until then connections are refused (docs/decisions/0030). */
export class Entrance {
  readonly #parts: EntranceParts;
  #reserved: Reserved | undefined;
  #listeners: readonly Listener[];
  #isOpen = false;
  /** The first snapshot by which requests find something. */
  #readyVersion: number | undefined;

  constructor(parts: EntranceParts) {
    this.#parts = parts;
    this.#listeners = parts.listeners;
  }

  /** Has its addresses for itself, all of them. Rejects with a sentence for people when one cannot be listened on. */
  async reserve(): Promise<void> {
    this.#reserved = await reserveAll(this.#parts.listeners);
    this.#listeners = this.#reserved.listeners;
  }

  /** Where clients connect, with the ports that were given. */
  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /**
   * Takes requests, once it is known what there is or the time is over; answers where. Rejects with a sentence for people
   * when it cannot; never settles when all is stopped before.
   */
  async open(): Promise<readonly Listener[]> {
    const { startTimeout, control, traffic, clock } = this.#parts;
    const cancel = clock.after(WAITING_MS, () => this.#logWaiting());
    // Without an admin address nothing else keeps the process alive: the socket to come is only reserved.
    const alive = setInterval(() => {}, KEEP_ALIVE_MS);
    await control.settle(startTimeout);
    clearInterval(alive);
    cancel();
    this.close();
    this.#listeners = await traffic.start(this.#listeners);
    this.#isOpen = true;
    return this.#listeners;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets go of addresses that are not listened on yet. */
  close(): void {
    this.#reserved?.release();
    this.#reserved = undefined;
  }

  /** Something is known to be routed, and whoever serves follows it. */
  readiness(): Readiness {
    const { control, traffic } = this.#parts;
    const unheard = this.#unheard();
    if (!this.#isOpen || !control.readiness.isEnough) return { isReady: false, unheard };
    this.#readyVersion ??= control.snapshot.version;
    return { isReady: traffic.isServing(this.#readyVersion), unheard };
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
