import { readFileSync, type Stats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Clock } from '../../../model/clock.ts';
import type { Claim, Contribution } from '../../../model/contribution.ts';
import type { Problem } from '../../../model/problem.ts';
import { guarded } from '../../../telemetry/internal-errors.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { Source } from '../source.ts';
import { parseServicesFile } from './parse.ts';

/** How often the file is looked at. Asking works where watching does not: mounted files, replaced links. */
const POLL_MS = 500;
/** A changed file is read once it stayed the same for so long: half a file is not what was meant. */
const SETTLE_MS = 50;

/** The services of the configuration file, read again whenever it changes. A bad edit keeps the last good one. */
export class FileSource implements Source {
  readonly name = 'file';
  readonly #path: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** The claims of each service as they were when nothing was wrong with it. */
  #good = new Map<string, readonly Claim[]>();

  constructor(path: string, clock: Clock, log: Log) {
    this.#path = path;
    this.#clock = clock;
    this.#log = log;
  }

  watch(publish: (contribution: Contribution) => void, signal: AbortSignal): void {
    // The stamp is older than the text: an edit between the two is noticed at the next look.
    let seen = this.#stamp();
    let changing = seen;
    publish(this.#read());
    const look = async () => {
      const stamp = await stat(this.#path).then(stampOf, () => '');
      if (signal.aborted) return;
      const isBeingWritten = stamp !== seen && stamp !== changing;
      if (stamp !== seen && !isBeingWritten) {
        seen = stamp;
        this.#log.info({ file: this.#path }, 'the configuration file changed');
        guarded('source', () => publish(this.#read()))();
      }
      changing = stamp;
      cancel = this.#clock.after(isBeingWritten ? SETTLE_MS : POLL_MS, look);
    };
    let cancel = this.#clock.after(POLL_MS, look);
    signal.addEventListener('abort', () => cancel(), { once: true });
  }

  #stamp(): string {
    try {
      return stampOf(statSync(this.#path));
    } catch {
      return '';
    }
  }

  #read(): Contribution {
    const base = { name: this.name, target: this.#path };
    let text: string;
    let changedAt: number;
    try {
      text = readFileSync(this.#path, 'utf8');
      changedAt = statSync(this.#path).mtimeMs;
    } catch (error) {
      const message = `the file cannot be read: ${(error as Error).message}`;
      const status = { ...base, connected: false, staleSince: this.#clock.now(), error: message };
      return { status, claims: this.#goodClaims(), problems: [] };
    }
    const problems = this.#take(text, changedAt);
    return { status: { ...base, connected: true }, claims: this.#goodClaims(), problems };
  }

  #take(text: string, changedAt: number): Problem[] {
    const parsed = parseServicesFile(this.#path, text, changedAt);
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
}

/** What differs whenever the file does. */
function stampOf(stats: Stats): string {
  return `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
}
