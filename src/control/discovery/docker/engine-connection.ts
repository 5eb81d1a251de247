import type { Clock } from '../../../model/clock.ts';
import type { SourceStatus } from '../../../model/contribution.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';
import type { Log } from '../../../telemetry/log.ts';
import { explainEngineError } from './engine-error.ts';
import { stayConnected } from './stay-connected.ts';

/** The part of an Engine that a connection needs, whatever its events are about. */
export interface EventfulEngine<Event> {
  /** Agrees on an API version, and returns the versions of the Engine and of the API. */
  negotiate(): Promise<{ readonly version: string; readonly api: string }>;
  /**
   * Calls back for each event. Resolves when the stream ends, rejects when it breaks. An event that is not understood is
   * passed as undefined.
   */
  events(onEvent: (event: Event | undefined) => void, onOpen: () => void, signal: AbortSignal): Promise<void>;
}

/** Lists everything again and again, for as long as one connection lasts. */
export interface Listing<Event> {
  /** Lists for the first time. Rejects when the Engine does not answer. */
  first(): Promise<void>;
  /** Takes each event; undefined is an event that is not understood. */
  hear(event: Event | undefined): void;
}

export interface EngineConnectionOptions<Event> {
  /** The name of the source. */
  readonly name: string;
  readonly endpoint: string;
  readonly engine: EventfulEngine<Event>;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes the listing of a connection. Aborting the controller ends the connection; the reason of the abort is reported. */
  list(connection: AbortController): Listing<Event>;
  /** Takes each event that is understood. */
  onEvent(event: Event): void;
  /** Called when a connection was lost or an attempt to connect has failed: `status` says why. What was known stays. */
  onLost(): void;
}

/**
 * Stays connected to an Engine. It subscribes to events first and lists afterwards, so that nothing happens unseen in
 * between. A lost connection is made again, after waits that grow.
 */
export class EngineConnection<Event> {
  readonly #options: EngineConnectionOptions<Event>;
  #status: SourceStatus;

  constructor(options: EngineConnectionOptions<Event>) {
    const { name, endpoint, clock } = options;
    this.#options = options;
    this.#status = { name, target: endpoint, connected: false, staleSince: clock.now() };
  }

  /** Whether the Engine answers, and since when its answers may be out of date. */
  get status(): SourceStatus {
    return this.#status;
  }

  /** Follows the Engine until the signal aborts. */
  follow(signal: AbortSignal): void {
    const { clock } = this.#options;
    const connect = (connection: AbortController, onConnected: () => void) =>
      this.#connect(connection, onConnected);
    void stayConnected({ clock, connect, onLost: (reason) => this.#lost(reason) }, signal);
  }

  /** Call this when everything was listed: nothing is out of date now. */
  listed(): void {
    const { name, endpoint } = this.#options;
    this.#status = { name, target: endpoint, connected: true };
  }

  async #connect(connection: AbortController, onConnected: () => void): Promise<void> {
    const { engine, endpoint, log, list, onEvent } = this.#options;
    const { version, api } = await engine.negotiate();
    const listing = list(connection);
    let listed: Promise<void> | undefined;
    const onOpen = () => {
      listed = listing.first().then(
        () => {
          if (connection.signal.aborted) return;
          onConnected();
          log.info({ endpoint, version, api }, `connected to Docker ${version} (API ${api})`);
        },
        // Aborting ends the stream, which is awaited below.
        (error) => connection.abort(error),
      );
    };
    const hear = (event: Event | undefined) => {
      listing.hear(event);
      if (event !== undefined) onEvent(event);
    };
    try {
      await engine.events(guarded('source', hear), onOpen, connection.signal);
    } finally {
      await listed;
    }
  }

  #lost(reason: unknown): void {
    const { endpoint, clock, log, onLost } = this.#options;
    const message = explainEngineError(reason, endpoint);
    const staleSince = this.#status.staleSince ?? clock.now();
    this.#status = { ...this.#status, connected: false, staleSince, error: message };
    // A problem tells people once; each further try is a detail for the debug log.
    log.debug({ endpoint }, `Docker does not answer: ${message}`);
    onLost();
  }
}
