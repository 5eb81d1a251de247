import type { Clock } from '../../../model/clock.ts';
import type { Claim, Contribution } from '../../../model/contribution.ts';
import type { Problem } from '../../../model/problem.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { Source } from '../source.ts';
import { parseServicesFile } from './services-file.ts';
import { type FileState, type ReadText, WatchedFile } from './watched-file.ts';

export interface FileSourceOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly readText: ReadText;
  /** The text of the file a moment ago: see `WatchedFile.watch`. */
  readonly text?: string | undefined;
  /** Takes the text of the file whenever it has changed, for its other parts, and returns their problems. */
  readonly onText?: (text: string) => readonly Problem[];
}

/** The services of the configuration file, which is read again whenever it changes. An invalid service keeps its last valid state. */
export class FileSource implements Source {
  readonly name = 'file';
  readonly #options: FileSourceOptions;
  readonly #file: WatchedFile;
  /** The latest valid claims of each service, by its name. */
  #good = new Map<string, readonly Claim[]>();
  /** The problems of the text that was read last. */
  #problems: readonly Problem[] = [];

  constructor(options: FileSourceOptions) {
    const { path, clock, readText } = options;
    this.#options = options;
    this.#file = new WatchedFile(path, clock, readText);
  }

  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void {
    let isFirst = true;
    const tell = (state: FileState) => {
      if (signal.aborted && !isFirst) return;
      if (!isFirst && state.text !== undefined)
        this.#options.log.info({ file: this.#options.path }, 'the configuration file is read again');
      publish(this.#contributionOf(state, isFirst));
      isFirst = false;
    };
    this.#file.watch(tell, signal, this.#options.text);
  }

  /** Reads the file now, whether or not it has changed. */
  again(): void {
    this.#file.again();
  }

  #contributionOf({ text, error, changedAt, isDetached }: FileState, isFirst: boolean): Contribution {
    const { path: target, clock, onText = () => [] } = this.#options;
    const base = { name: this.name, target };
    if (text === undefined) {
      const message = `the file cannot be read: ${error}`;
      const status = { ...base, connected: false, staleSince: clock.now(), error: message };
      const missing = this.#problem(message, 'what it said last stays, but not over a restart');
      return { status, claims: this.#goodClaims(), problems: [...this.#problems, missing] };
    }
    const found = this.#take(text, changedAt);
    // The first text is what Fairlead was started with, so its other parts are in force already.
    const others = isFirst ? [] : onText(text);
    const messages = new Set(others.map(({ message }) => message));
    this.#problems = [...others, ...found.filter(({ message }) => !messages.has(message))];
    const detached = isDetached ? [this.#detached()] : [];
    const status = { ...base, connected: true };
    return { status, claims: this.#goodClaims(), problems: [...this.#problems, ...detached] };
  }

  #take(text: string, changedAt: number): Problem[] {
    const parsed = parseServicesFile(this.#options.path, text, changedAt);
    if (parsed.problems.length > 0) return [...parsed.problems];
    const good = new Map<string, readonly Claim[]>();
    for (const { name, claims, problems } of parsed.services) {
      const known = this.#good.get(name);
      if (problems.length === 0) good.set(name, claims);
      else if (known !== undefined) good.set(name, known);
    }
    this.#good = good;
    return parsed.services.flatMap((service) => service.problems);
  }

  #goodClaims(): Claim[] {
    return [...this.#good.values()].flat();
  }

  #detached(): Problem {
    return this.#problem(
      'was replaced or deleted where it is mounted from, and this mount still shows the old file',
      'mount its folder instead of the file; until then restart after an edit',
    );
  }

  /** A problem of the file as a whole. */
  #problem(message: string, hint: string): Problem {
    return { severity: 'error', source: this.name, subject: this.#options.path, where: '', message, hint };
  }
}
