import { type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../../model/clock.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';

/**
 * How often the file is looked at. Asking works where watching does not: on mounted folders, for links that are replaced,
 * and when the machine has no watches left.
 */
const POLL_MS = 500;
/** A file that took the place of another is whole: it is read once it stayed the same for so long. */
const SETTLE_MS = 50;
/** One that is written to may be half written for longer. */
const WRITING_MS = 500;

/** The text of a file, or why there is none of it; undefined without the file. */
export type ReadText = (path: string) => string | { readonly why: string } | undefined;

/** What is known of a file at one time. */
export interface FileState {
  /** What stands in it, unless it cannot be read. */
  readonly text?: string;
  readonly error?: string;
  /** In milliseconds since the epoch. */
  readonly changedAt: number;
  /** It was deleted or replaced where it is mounted from, which nobody sees who has the mount. */
  readonly isDetached: boolean;
}

/** A file that may be edited, replaced, deleted, and come back. */
export class WatchedFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #readText: ReadText;
  /** What it said when it was last read. */
  #state: FileState | undefined;
  /** Differs whenever the file does. */
  #seen = '';
  #inode = 0;
  /** What it was like at the last look, if that was not what was read. */
  #changing = '';
  #tell: (state: FileState) => void = () => {};
  #cancel = () => {};

  constructor(path: string, clock: Clock, readText: ReadText) {
    this.#path = path;
    this.#clock = clock;
    this.#readText = readText;
  }

  /**
   * Tells what it says at once, and again whenever that is something else.
   * @param text what stood in it a moment ago: what is no file, such as a pipe, is read only once and not watched
   */
  watch(tell: (state: FileState) => void, signal: AbortSignal, text?: string): void {
    this.#tell = tell;
    const stats = this.#stats();
    if (text !== undefined && stats?.isFile() !== true && stats !== undefined)
      return tell({ text, changedAt: this.#clock.now(), isDetached: false });
    this.#take(this.#read(), stats);
    signal.addEventListener('abort', () => this.#cancel(), { once: true });
    this.#cancel = this.#clock.after(POLL_MS, () => this.#look(signal));
  }

  /** Reads it now, and tells what it says, be it the same. */
  again(): void {
    const stats = this.#stats();
    if (stats !== undefined && !stats.isFile()) return this.#state && this.#tell(this.#state);
    this.#take(this.#read(), stats);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const stats = await stat(this.#path).catch(() => undefined);
    if (signal.aborted) return;
    const stamp = stampOf(stats);
    let next = POLL_MS;
    // What could not be read may be read now: not all of the reasons are the file's.
    if (stamp === this.#seen) this.#changing = stamp;
    if (stamp === this.#seen && this.#state?.error !== undefined) this.#takeIfOther(stats);
    else if (stamp !== this.#seen && stamp === this.#changing) this.#takeIfOther(stats);
    else if (stamp !== this.#seen) {
      this.#changing = stamp;
      next = stats !== undefined && stats.ino !== this.#inode ? SETTLE_MS : WRITING_MS;
    }
    this.#cancel = this.#clock.after(next, () => this.#look(signal));
  }

  #takeIfOther(stats: Stats | undefined): void {
    const state = this.#read();
    const { text, error, isDetached } = this.#state ?? {};
    const isSame = state.text === text && state.error === error && state.isDetached === isDetached;
    if (isSame) this.#remember(state, stats);
    else this.#take(state, stats);
  }

  #take(state: FileState, stats: Stats | undefined): void {
    this.#remember(state, stats);
    guarded('source', () => this.#tell(state))();
  }

  /** @param stats of before it was read: an edit between the two is noticed at the next look */
  #remember(state: FileState, stats: Stats | undefined): void {
    this.#state = state;
    this.#seen = stampOf(stats);
    this.#inode = stats?.ino ?? 0;
  }

  #stats(): Stats | undefined {
    try {
      return statSync(this.#path, { throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  }

  #read(): FileState {
    const stats = this.#stats();
    const base = { changedAt: stats?.mtimeMs ?? this.#clock.now(), isDetached: stats?.nlink === 0 };
    const text = this.#readText(this.#path);
    if (typeof text === 'string') return { ...base, text };
    return { ...base, error: text?.why ?? 'no such file' };
  }
}

function stampOf(stats: Stats | undefined): string {
  // Of a link to a file that is deleted where it is mounted from nothing else changes; the time of the inode tells of rights.
  return stats === undefined
    ? ''
    : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.nlink}`;
}
