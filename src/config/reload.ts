import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';
import { isOpen, type LoadedOptions } from './load.ts';
import { type LiveKey, nameOf, OPTION_KEYS, OPTIONS, type OptionKey, type Options } from './options.ts';
import type { ConfigError, Setting } from './setting.ts';

/** What is to be done after the configuration was read again. */
export interface Reread {
  /** What holds from now on: options that are fixed at start as they were then. */
  readonly options: Options;
  /** Those that are others than before. */
  readonly changed: readonly LiveKey[];
  /** What has changed and what has not, a line each for people. */
  readonly lines: readonly string[];
  /** What the configuration says without effect, for as long as it says so. */
  readonly problems: readonly Problem[];
}

/** Values longer than that are not repeated. */
const MAX_SHOWN = 60;

const STAYS = 'what was good before stays in effect';

/** The options of a Fairlead that runs, while their configuration changes. A bad one keeps the last good. */
export class Reload {
  readonly #load: (text: string | undefined) => LoadedOptions;
  readonly #first: LoadedOptions;
  #good: LoadedOptions;
  #options: Options;

  /**
   * @param first what it was started with
   * @param load reads all again, with this text as that of the configuration file, if there is one
   */
  constructor(first: LoadedOptions, load: (text: string | undefined) => LoadedOptions) {
    this.#first = first;
    this.#load = load;
    this.#good = first;
    this.#options = first.options;
  }

  /** @param text of the configuration file now */
  read(text: string | undefined): Reread {
    const before = this.#good;
    const loaded = this.#load(text);
    if (loaded.errors.length > 0) {
      const problems = loaded.errors.map((error) => ({ ...this.#problem(error), hint: STAYS }));
      return {
        options: this.#options,
        changed: [],
        lines: [],
        problems: [...problems, ...this.#waiting(before)],
      };
    }
    this.#good = loaded;
    const wanted = this.#wanted(loaded);
    const changed = OPTION_KEYS.filter(
      (key) => !isDeepStrictEqual(wanted[key], this.#options[key]),
    ) as LiveKey[];
    const lines = changed.map((key) => this.#describe(key, before, loaded));
    this.#options = wanted;
    return {
      options: wanted,
      changed,
      lines: [...lines, ...overruledNow(before, loaded)],
      problems: this.#waiting(loaded),
    };
  }

  /** Of what was read all that may change. The token stays while the admin address that runs needs one. */
  #wanted({ options }: LoadedOptions): Options {
    const fixed = OPTION_KEYS.filter((key) => !OPTIONS[key].isLive);
    const wanted = { ...options, ...Object.fromEntries(fixed.map((key) => [key, this.#first.options[key]])) };
    if (isOpen(wanted.admin) && wanted.adminToken === undefined)
      return Object.freeze({ ...wanted, adminToken: this.#options.adminToken });
    return Object.freeze(wanted);
  }

  /** What takes effect at the next start. */
  #waiting(loaded: LoadedOptions): Problem[] {
    const waiting = OPTION_KEYS.filter((key) => !isDeepStrictEqual(loaded.options[key], this.#options[key]));
    return waiting.map((key) =>
      this.#problem({
        where: loaded.settings[key]?.where ?? loaded.file ?? '',
        message: `${changeOf(key, this.#first, loaded)}: takes effect at the next start`,
      }),
    );
  }

  #describe(key: OptionKey, before: LoadedOptions, after: LoadedOptions): string {
    const where = after.settings[key]?.where ?? after.file;
    return `${changeOf(key, before, after)}${where === undefined ? '' : ` (${where})`}`;
  }

  #problem({ where, message }: Pick<ConfigError, 'where' | 'message'>): Problem {
    const file = this.#first.file ?? '';
    const line = where.startsWith(`${file}:`) ? `line ${where.slice(file.length + 1)}` : undefined;
    const base = { severity: 'error', source: 'file', message } as const;
    if (where === file) return { ...base, subject: file, where: '' };
    return { ...base, subject: line === undefined ? 'options' : file, where: line ?? where };
  }
}

function changeOf(key: OptionKey, before: LoadedOptions, after: LoadedOptions): string {
  const name = nameOf(key);
  const [from, to] = [before, after].map(({ settings }) => shown(key, settings[key]));
  // Of the same text, such as the name of a file, something else has come.
  if (from === undefined || to === undefined || from === to) return `${name} changed`;
  return `${name} changed from ${from} to ${to}`;
}

/** Undefined when it is secret, or too long to read. */
function shown(key: OptionKey, setting: Setting | undefined): string | undefined {
  const { secret, defaultText } = OPTIONS[key];
  const text = setting?.text.trim() ?? defaultText;
  return secret || text.length > MAX_SHOWN || /\s/.test(text) ? undefined : text;
}

/** What the file says since now, and a flag or a variable says otherwise. */
function overruledNow(before: LoadedOptions, after: LoadedOptions): string[] {
  return OPTION_KEYS.flatMap((key) => {
    const vain = after.overruled[key];
    if (vain === undefined || vain.text === before.overruled[key]?.text) return [];
    return [`${nameOf(key)} in ${vain.where} has no effect: ${after.settings[key]?.where} says otherwise`];
  });
}
