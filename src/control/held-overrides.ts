import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../model/clock.ts';
import type { Problem } from '../model/problem.ts';
import { grouped, shorten } from '../model/text.ts';
import { guarded } from '../telemetry/internal-errors.ts';
import { type Override, type OverrideStore, readOverride } from './override-store.ts';

/** The most overrides that are held. Beyond it the oldest are dropped, whose backends are most likely long gone. */
const MAX_HELD = 1_000;
/** The most refused overrides that are reported as problems. */
const MAX_REFUSED = 50;
/** The longest id that is accepted, in characters. */
const MAX_ID = 1_000;
/** How long to wait before reading a store again that could not be read, in milliseconds. */
const READ_AGAIN_MS = 5_000;

/**
 * A copy, in memory, of the valid overrides in a store. An override that is set here holds at once, whether or not the
 * store takes it. What others write holds once the store reports it; the last report counts. When the store fails,
 * the overrides that are held stay.
 */
export class HeldOverrides {
  readonly #store: OverrideStore;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  /** By `lastingId`; the oldest comes first. */
  readonly #held = new Map<string, Override>();
  /** Problems of overrides that the store reported or did not take, by `lastingId`. */
  readonly #refused = new Map<string, Problem>();
  #unread: Problem | undefined;
  /** Ids that were written while `read` runs: what it returns for them may be older. Undefined after the first whole read. */
  #writtenMeanwhile: Set<string> | undefined = new Set();

  /** @param onChange called when others have written, or a problem came or went */
  constructor(store: OverrideStore, clock: Clock, onChange: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onChange = guarded('source', onChange);
  }

  /** Follows the store until the signal aborts. */
  follow(signal: AbortSignal): void {
    const onWrite = (id: string, value: unknown) => {
      if (signal.aborted) return;
      this.#writtenMeanwhile?.add(id);
      if (this.#take(id, value)) this.#onChange();
    };
    // Watching begins before reading, so that nothing is written unseen in between.
    guarded('source', () => this.#store.watch(onWrite, signal))();
    void this.#read(signal);
  }

  get size(): number {
    return this.#held.size;
  }

  get(id: string): Override | undefined {
    return this.#held.get(id);
  }

  get problems(): readonly Problem[] {
    return [...(this.#unread === undefined ? [] : [this.#unread]), ...this.#refused.values()];
  }

  /** Holds an override from now on, or none for undefined, and has the store keep that. */
  set(id: string, override: Override | undefined): void {
    this.#writtenMeanwhile?.add(id);
    this.#hold(id, override);
    this.#refused.delete(id);
    void this.#write(id, override);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_HELD && oldest !== undefined) this.set(oldest, undefined);
  }

  #hold(id: string, override: Override | undefined): void {
    this.#held.delete(id);
    if (override !== undefined) this.#held.set(id, override);
  }

  async #write(id: string, override: Override | undefined): Promise<void> {
    try {
      await this.#store.write(id, override);
    } catch (error) {
      // Another order has replaced this one, which therefore needs no report.
      if (this.#held.get(id) !== override) return;
      const message = `is followed here, but was not kept for others: ${reasonOf(error)}`;
      this.#refuse(id, message, 'order it again');
      this.#onChange();
    }
  }

  async #read(signal: AbortSignal): Promise<void> {
    try {
      const all = await this.#store.read();
      if (signal.aborted) return;
      const written = this.#writtenMeanwhile;
      let isNews = this.#unread !== undefined;
      for (const [id, value] of all) if (!written?.has(id)) isNews = this.#take(id, value) || isNews;
      this.#writtenMeanwhile = undefined;
      this.#unread = undefined;
      if (isNews) this.#onChange();
    } catch (error) {
      if (signal.aborted) return;
      const message = `those of other Fairleads are not known: ${reasonOf(error)}`;
      this.#unread = { severity: 'error', source: 'orders', subject: 'orders', where: '', message };
      this.#onChange();
      this.#clock.after(READ_AGAIN_MS, () => {
        if (!signal.aborted) void this.#read(signal);
      });
    }
  }

  /** Takes a value that somebody has written; true if that changes anything. An invalid value leaves the override that is held. */
  #take(id: string, value: unknown): boolean {
    if (id.length > MAX_ID) return this.#refuse(shorten(id), 'is of no backend: its id is too long');
    if (value === undefined) {
      const wasRefused = this.#refused.delete(id);
      return this.#held.delete(id) || wasRefused;
    }
    const isFull = this.#held.size >= MAX_HELD && !this.#held.has(id);
    const override = isFull ? `is beyond the ${grouped(MAX_HELD)} that are held` : readOverride(value);
    if (typeof override === 'string') return this.#refuse(id, `is not followed: it ${override}`);
    const wasRefused = this.#refused.delete(id);
    if (isDeepStrictEqual(this.#held.get(id), override)) return wasRefused;
    this.#hold(id, override);
    return true;
  }

  /** Records a problem; true if it was not known before. */
  #refuse(id: string, message: string, hint?: string): boolean {
    if (this.#refused.get(id)?.message === message) return false;
    if (this.#refused.size >= MAX_REFUSED && !this.#refused.has(id)) return false;
    this.#refused.set(id, {
      severity: 'error',
      source: 'orders',
      subject: id,
      where: 'order',
      message,
      ...(hint !== undefined && { hint }),
    });
    return true;
  }
}

function reasonOf(error: unknown): string {
  return shorten(error instanceof Error ? error.message : String(error));
}
