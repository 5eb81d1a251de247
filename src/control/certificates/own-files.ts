import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../model/clock.ts';
import type { KeyPair } from '../../model/keyring.ts';
import type { Problem } from '../../model/problem.ts';
import { internalErrors } from '../../telemetry/internal-errors.ts';
import { alarmAt } from './due.ts';
import { type FileAccess, pairIn, stampOf } from './own-file.ts';
import { PairError } from './pair.ts';

/** How often the files are looked at, in milliseconds: see `WatchedFile` for why they are asked for. */
const LOOK_MS = 1_000;
const MAX_FILES = 10_000;
/** What a file is like that is not there. */
const GONE = 'gone';
const CERTIFICATE = /\.(?:crt|pem|cer)$/i;

/** Where own certificates are. */
export interface OwnPlaces {
  readonly folder?: string | undefined;
  /** One more file. */
  readonly file?: string | undefined;
}

/** A certificate file as it was last good, and what is wrong with it since. */
interface Entry {
  readonly path: string;
  /** What it was like when it was read. */
  read: string;
  /** What it was like at the last look: one that changes may be half written. */
  seen: string;
  pair: KeyPair | undefined;
  error: PairError | undefined;
}

/** A pair and the file that it is from. */
export interface OwnPair {
  readonly path: string;
  readonly pair: KeyPair;
  /** What is wrong with the file since it was good. */
  readonly error: string | undefined;
}

/** Certificates that somebody put into files, and replaces there. What is bad leaves in effect what was good before. */
export class OwnFiles {
  readonly #places: OwnPlaces;
  readonly #clock: Clock;
  readonly #files: FileAccess;
  readonly #onChange: () => void;
  readonly #entries = new Map<string, Entry>();
  #folderError: string | undefined;
  #isStopped = false;
  #cancel = () => {};

  /** @param onChange called when a pair or what is wrong is another one */
  constructor(places: OwnPlaces, clock: Clock, files: FileAccess, onChange: () => void) {
    this.#places = places;
    this.#clock = clock;
    this.#files = files;
    this.#onChange = onChange;
  }

  /** Reads all there is, and looks again from time to time. */
  async start(): Promise<void> {
    if (this.#places.folder === undefined && this.#places.file === undefined) return;
    await this.#look(true);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** All of them, by the names of their files. */
  get pairs(): OwnPair[] {
    return this.#sorted.flatMap(shown);
  }

  /** That of the one file. */
  get single(): OwnPair | undefined {
    const entry = this.#entries.get(this.#places.file ?? '');
    return entry && shown(entry)[0];
  }

  /** @param now in milliseconds since the epoch */
  problems(now: number): Problem[] {
    const { folder = '' } = this.#places;
    const ofFolder = this.#folderError;
    return [
      ...(ofFolder === undefined ? [] : [problem('error', folder, ofFolder, 'see --certificates')]),
      ...this.#sorted.flatMap(({ path, error, pair }) => [
        ...(error === undefined ? [] : [problem('error', path, consequence(error, pair), error.hint)]),
        ...(pair === undefined ? [] : whenOver(path, pair, now)),
      ]),
    ];
  }

  get #sorted(): Entry[] {
    return [...this.#entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #look(isFirst: boolean): Promise<void> {
    try {
      const paths = await this.#list();
      let isNews = false;
      for (const path of paths ?? this.#entries.keys())
        isNews = (await this.#lookAt(path, isFirst)) || isNews;
      isNews = this.#forget(new Set(paths ?? this.#entries.keys())) || isNews;
      if (isNews && !this.#isStopped) this.#onChange();
    } catch (error) {
      internalErrors.report('source', error);
    }
    if (!this.#isStopped) this.#cancel = this.#clock.after(LOOK_MS, () => void this.#look(false));
  }

  /** Forgets what was not there at two looks: it may be replaced just now. True when that is news. */
  #forget(there: ReadonlySet<string>): boolean {
    let isNews = false;
    for (const [path, entry] of this.#entries) {
      if (there.has(path)) continue;
      if (entry.seen === GONE) isNews = this.#entries.delete(path);
      entry.seen = GONE;
    }
    return isNews;
  }

  /** The certificate files that there are; undefined when nobody can tell, and what is known stays. */
  async #list(): Promise<string[] | undefined> {
    const { folder, file } = this.#places;
    const one = file === undefined ? [] : [file];
    if (folder === undefined) return one;
    try {
      const names = await readdir(folder);
      const fitting = names.filter((name) => CERTIFICATE.test(name) && !name.startsWith('.')).sort();
      const rest = fitting.length - MAX_FILES;
      this.#tellFolder(rest > 0 ? `has ${rest} files more than the ${MAX_FILES} that are read` : undefined);
      return [...new Set([...fitting.slice(0, MAX_FILES).map((name) => join(folder, name)), ...one])];
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#tellFolder(`cannot be read: ${CAUSES[code ?? ''] ?? message}`);
      return this.#entries.size === 0 ? one : undefined;
    }
  }

  #tellFolder(error: string | undefined): void {
    if (error === this.#folderError) return;
    this.#folderError = error;
    this.#onChange();
  }

  /** Reads a file that is another one since it was read and the same as at the last look. True when that is news. */
  async #lookAt(path: string, isFirst: boolean): Promise<boolean> {
    const stamp = await stampOf(path);
    const known = this.#entries.get(path);
    const entry = known ?? { path, read: '', seen: '', pair: undefined, error: undefined };
    this.#entries.set(path, entry);
    const isSteady = isFirst || stamp === entry.seen;
    entry.seen = stamp;
    if (stamp === entry.read || !isSteady) return false;
    entry.read = stamp;
    const { pair, error } = entry;
    this.#read(entry);
    return entry.pair !== pair || entry.error?.message !== error?.message;
  }

  #read(entry: Entry): void {
    try {
      const pair = pairIn(entry.path, this.#files);
      const now = this.#clock.now();
      const isUsable = pair === undefined || isGood(pair, now);
      // What is over, or not yet good, is better than nothing, and than what is over, too.
      if (!isUsable && entry.pair !== undefined && isGood(entry.pair, now)) throw whenGood(pair, now);
      entry.error = undefined;
      entry.pair = pair === undefined || isSame(entry.pair, pair) ? pair && entry.pair : pair;
    } catch (error) {
      if (!(error instanceof PairError)) throw error;
      entry.error = error;
    }
  }
}

const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such folder',
  EACCES: 'permission denied',
  ENOTDIR: 'it is no folder',
};

function isGood({ notBefore, notAfter }: KeyPair, now: number): boolean {
  return notBefore <= now && now < notAfter;
}

function whenGood({ notBefore, notAfter }: KeyPair, now: number): PairError {
  return now < notBefore
    ? new PairError(`is not good before ${dateOf(notBefore)}`)
    : new PairError(`is over since ${dateOf(notAfter)}`, 'renew it');
}

function isSame(a: KeyPair | undefined, b: KeyPair): boolean {
  return a !== undefined && a.certificate === b.certificate && a.key === b.key;
}

function shown({ path, pair, error }: Entry): OwnPair[] {
  return pair === undefined ? [] : [{ path, pair, error: error?.message }];
}

function consequence({ message }: PairError, pair: KeyPair | undefined): string {
  return pair === undefined ? message : `${message}; the one before stays in effect`;
}

/** What there is to say of a pair because of its age. */
function whenOver(path: string, pair: KeyPair, now: number): Problem[] {
  if (!isGood(pair, now)) {
    const { message, hint } = whenGood(pair, now);
    return [problem('error', path, message, hint)];
  }
  const isNear = now >= alarmAt(pair);
  return isNear ? [problem('notice', path, `ends at ${dateOf(pair.notAfter)}`, 'renew it')] : [];
}

function problem(severity: Problem['severity'], subject: string, message: string, hint?: string): Problem {
  return {
    severity,
    source: 'certificates',
    subject,
    where: '',
    message,
    ...(hint !== undefined && { hint }),
  };
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString();
}
