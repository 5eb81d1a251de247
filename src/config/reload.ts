import { isDeepStrictEqual } from 'node:util';
import type { Problem } from '../model/problem.ts';
import { isOpen, type LoadedOptions } from './load.ts';
import { type LiveKey, nameOf, OPTION_KEYS, OPTIONS, type OptionKey, type Options } from './options.ts';
import type { ConfigError, Setting } from './setting.ts';

/** What follows from reading the configuration again. */
export interface Reread {
  /** The options in force from now on. Fixed options keep their values from the start. */
  readonly options: Options;
  /** The options that have changed. */
  readonly changed: readonly LiveKey[];
  /** For people: a line for each change, and for each setting that has no effect. */
  readonly lines: readonly string[];
  /** Problems of settings that have no effect, for as long as they are in the configuration. */
  readonly problems: readonly Problem[];
}

/** The longest value that is shown, in characters. */
const MAX_SHOWN = 60;

const STAYS = 'what was good before stays in effect';

/** The options of a running Fairlead, whose configuration may change. An invalid configuration leaves the last valid one in force. */
export class Reload {
  readonly #load: (text: string | undefined) => LoadedOptions;
  readonly #first: LoadedOptions;
  #good: LoadedOptions;
  #options: Options;

  /**
   * @param first the options at the start
   * @param load loads all options again, with this text in place of the configuration file, if there is one
   */
  constructor(first: LoadedOptions, load: (text: string | undefined) => LoadedOptions) {
    this.#first = first;
    this.#load = load;
    this.#good = first;
    this.#options = first.options;
  }

  /** @param text the present text of the configuration file */
  read(text: string | undefined): Reread {
    const before = this.#good;
    const loaded = this.#load(text);
    if (loaded.errors.length > 0) {
      const problems = loaded.errors.map((error) => ({ ...this.#problem(error), hint: STAYS }));
      return {
        options: this.#options,
        changed: [],
        lines: [],
        problems: [...problems, ...this.#notInForce(before)],
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
      problems: this.#notInForce(loaded),
    };
  }

  /** The options that are wanted, with fixed ones as at the start. The token stays while the admin address needs one. */
  #wanted({ options }: LoadedOptions): Options {
    const fixed = OPTION_KEYS.filter((key) => !OPTIONS[key].isLive);
    const wanted = { ...options, ...Object.fromEntries(fixed.map((key) => [key, this.#first.options[key]])) };
    if (isOpen(wanted.admin) && wanted.adminToken === undefined)
      return Object.freeze({ ...wanted, adminToken: this.#options.adminToken });
    return Object.freeze(wanted);
  }

  /** Problems of options that are not in force yet, since they take effect at the next start. */
  #notInForce(loaded: LoadedOptions): Problem[] {
    const later = OPTION_KEYS.filter((key) => !isDeepStrictEqual(loaded.options[key], this.#options[key]));
    return later.map((key) =>
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
  // The same text can mean another value, such as a file whose content has changed.
  if (from === undefined || to === undefined || from === to) return `${name} changed`;
  return `${name} changed from ${from} to ${to}`;
}

/** The value as text; undefined if it is secret, or too long to read. */
function shown(key: OptionKey, setting: Setting | undefined): string | undefined {
  const { secret, defaultText } = OPTIONS[key];
  const text = setting?.text.trim() ?? defaultText;
  return secret || text.length > MAX_SHOWN || /\s/.test(text) ? undefined : text;
}

/** Lines for settings that are new in the file and that a flag or a variable overrules. */
function overruledNow(before: LoadedOptions, after: LoadedOptions): string[] {
  return OPTION_KEYS.flatMap((key) => {
    const vain = after.overruled[key];
    if (vain === undefined || vain.text === before.overruled[key]?.text) return [];
    return [`${nameOf(key)} in ${vain.where} has no effect: ${after.settings[key]?.where} says otherwise`];
  });
}
