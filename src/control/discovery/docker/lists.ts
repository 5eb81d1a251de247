import type { Clock } from '../../../model/clock.ts';
import type { Container } from './container.ts';
import type { Engine } from './engine.ts';
import type { Listing } from './engine-connection.ts';
import type { EngineEvent } from './event.ts';
import { Untold } from './untold.ts';

/**
 * The shortest and the longest time between two lists, in milliseconds: a long list costs more. Listing finds what no event
 * told, and notices an Engine that was lost silently.
 */
const SOONEST_MS = 10_000;
const LATEST_MS = 30_000;
/** Listing takes at most one part in so many of the time. */
const SHARE = 200;
/** How soon everything is listed after an event that is not understood, in milliseconds. */
const UNCLEAR_MS = 1_000;
/** How much later than the list an event of the same change may come, in milliseconds. */
const LATE_MS = 1_000;

export interface ListsOptions {
  readonly engine: Engine;
  readonly clock: Clock;
  /** Reads the entries of a list. */
  readonly read: (entries: readonly unknown[]) => Promise<Container[]>;
  /** The containers as they are known before a list is taken. */
  readonly known: () => Iterable<Container>;
  readonly take: (containers: readonly Container[], drivers: ReadonlyMap<string, string>) => void;
  /** Takes the ids of containers that had events while the list was made, which may show them as they were before. */
  readonly askAgain: (containerIds: Iterable<string>) => void;
  /** Aborting it ends the connection; the reason of the abort is reported. */
  readonly connection: AbortController;
}

/** Lists all containers of an Engine again and again, for as long as a connection lasts. */
export class Lists implements Listing<EngineEvent> {
  readonly #options: ListsOptions;
  readonly #untold = new Untold();
  readonly #touchedMeanwhile = new Set<string>();
  #isFirst = true;
  #isListing = false;
  #dueAt = Number.POSITIVE_INFINITY;
  #cancel: () => void = () => {};
  #cancelCheck: () => void = () => {};

  constructor(options: ListsOptions) {
    this.#options = options;
    options.connection.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  first(): Promise<void> {
    return this.#list();
  }

  hear(event: EngineEvent | undefined): void {
    this.#untold.hear(event?.containerId);
    if (event !== undefined) this.#touchedMeanwhile.add(event.containerId);
    else if (!this.#isListing) this.#schedule(UNCLEAR_MS);
  }

  async #list(): Promise<void> {
    const { engine, clock, read, known, take, askAgain, connection } = this.#options;
    const beganAt = clock.elapsed();
    this.#isListing = true;
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#touchedMeanwhile.clear();
    this.#untold.begin();
    const [entries, drivers] = await Promise.all([
      engine.containers(),
      // A filtered socket may refuse this question; all networks are then treated as bridges.
      engine.networkDrivers().catch(() => new Map<string, string>()),
    ]);
    if (connection.signal.aborted) return;
    const containers = await read(entries);
    if (connection.signal.aborted) return;
    if (!this.#isFirst) this.#askAbout(this.#untold.find(known(), containers));
    this.#isFirst = false;
    take(containers, drivers);
    askAgain(this.#touchedMeanwhile);
    this.#isListing = false;
    const wait = SHARE * (clock.elapsed() - beganAt);
    this.#schedule(Math.min(LATEST_MS, Math.max(SOONEST_MS, wait)));
  }

  #schedule(waitMs: number): void {
    const { clock, connection } = this.#options;
    const at = clock.elapsed() + waitMs;
    if (at >= this.#dueAt || connection.signal.aborted) return;
    this.#cancel();
    this.#dueAt = at;
    this.#cancel = clock.after(waitMs, () => {
      this.#list().catch((error) => connection.abort(error));
    });
  }

  /** Ends the connection if no event tells of these changed containers within a moment. */
  #askAbout(containerIds: readonly string[]): void {
    if (containerIds.length === 0) return;
    const { clock, connection } = this.#options;
    this.#cancelCheck();
    this.#cancelCheck = clock.after(LATE_MS, () => {
      if (this.#untold.still(containerIds).length > 0)
        connection.abort(new Error('its events had stopped coming without a word, and are asked for anew'));
    });
  }

  #stop(): void {
    this.#cancel();
    this.#cancelCheck();
  }
}
