import { type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../../model/clock.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';

/**
 * How often the file is looked at, in milliseconds. Polling works where watching does not: on mounted folders, for links
 * that are replaced, and when the machine has no watches left.
 */
const POLL_MS = 500;
/** A file that has replaced another is most likely whole: it is read once it has stayed the same for so long, in milliseconds. */
const SETTLE_MS = 50;
/** A file that is written in place may be half written for longer: it is read after so long, in milliseconds. */
const WRITING_MS = 500;

/** Reads the text of a file, or says why it cannot be read; undefined if there is no file. */
export type ReadText = (path: string) => string | { readonly why: string } | undefined;

/** The state of a file at one time. */
export interface FileState {
  /** The text of the file, unless it cannot be read. */
  readonly text?: string;
  readonly error?: string;
  /** When the file was last changed, in milliseconds since the epoch. */
  readonly changedAt: number;
  /** The file was deleted or replaced outside of the mount, through which only the old file is seen. */
  readonly isDetached: boolean;
}

/** Watches a file that may be edited, replaced or deleted, and may come back. */
export class WatchedFile {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #readText: ReadText;
  /** The state at the last read. */
  #state: FileState | undefined;
  /** The stamp of the file at the last read: it differs whenever the file does. */
  #seen = '';
  #inode = 0;
  /** The stamp at the last look, which must stay the same until the next one before the file is read. */
  #changing = '';
  #tell: (state: FileState) => void = () => {};
  #cancel = () => {};

  constructor(path: string, clock: Clock, readText: ReadText) {
    this.#path = path;
    this.#clock = clock;
    this.#readText = readText;
  }

  /**
   * Tells the state of the file at once, and again whenever it has changed.
   * @param text the text of the file a moment ago: what is not a regular file, such as a pipe, can be read only once and is not watched
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

  /** Reads the file now, and tells its state even if that is the same. */
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
    // A file that could not be read is tried again even if it is the same: the reason may lie elsewhere.
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

  /** @param stats taken before the file was read: an edit between the two is noticed at the next look */
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
  // Only the number of links changes if a mounted file is deleted outside; `ctime` changes with permissions.
  return stats === undefined
    ? ''
    : `${stats.ino} ${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.nlink}`;
}
