import type { Clock } from '../../../model/clock.ts';
import type { SourceStatus } from '../../../model/contribution.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';
import type { Log } from '../../../telemetry/log.ts';
import { explainEngineError } from './engine-error.ts';
import { stayConnected } from './stay-connected.ts';

/** What of an Engine a connection needs, whatever its events tell of. */
export interface EventfulEngine<Event> {
  /** Agrees on an API version, and answers what the Engine is. */
  negotiate(): Promise<{ readonly version: string; readonly api: string }>;
  /**
   * Calls back for each event until the stream ends, which resolves, or breaks, which rejects. Undefined is an event that
   * is not understood.
   */
  events(onEvent: (event: Event | undefined) => void, onOpen: () => void, signal: AbortSignal): Promise<void>;
}

/** Lists all that there is, again and again, for as long as one connection lasts. */
export interface Listing<Event> {
  /** Lists for the first time. Rejects when the Engine does not answer. */
  first(): Promise<void>;
  /** Hears of each event; undefined is one that is not understood. */
  hear(event: Event | undefined): void;
}

export interface EngineConnectionOptions<Event> {
  /** The source's. */
  readonly name: string;
  readonly endpoint: string;
  readonly engine: EventfulEngine<Event>;
  readonly clock: Clock;
  readonly log: Log;
  /** Begins to list; aborting the controller ends the connection, for the reason that is given. */
  list(connection: AbortController): Listing<Event>;
  /** Something happened. */
  onEvent(event: Event): void;
  /** The Engine does not answer any more, or still does not: `status` says why. What was known stays. */
  onLost(): void;
}

/**
 * Keeps connected to an Engine: subscribes to its events first and lists then, so that nothing happens unseen in between.
 * When the connection is lost it is made again, later and later.
 */
export class EngineConnection<Event> {
  readonly #options: EngineConnectionOptions<Event>;
  #status: SourceStatus;

  constructor(options: EngineConnectionOptions<Event>) {
    const { name, endpoint, clock } = options;
    this.#options = options;
    this.#status = { name, target: endpoint, connected: false, staleSince: clock.now() };
  }

  /** Whether the Engine answers, and since when what it said may be out of date. */
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

  /** All was listed: nothing is out of date. */
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
        // The connection is over then; what is waited for is the end of its stream.
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
    // People are told once, by a problem; each further try is a matter of detail.
    log.debug({ endpoint }, `Docker does not answer: ${message}`);
    onLost();
  }
}
