import { nameOf, OPTION_KEYS, type OptionKey } from './options.ts';

/**
 * Where a setting comes from: `command` is the command line and its environment; `configuration` is a file, or the way in
 * which the Fairlead was started that a command talks to.
 */
export type Origin = 'command' | 'configuration';

/** The text that was found for an option, and where. */
export interface Setting {
  readonly text: string;
  /** A flag, a variable, or `FILE:LINE`. */
  readonly where: string;
  readonly origin: Origin;
}

export type Settings = Partial<Record<OptionKey, Setting>>;

/** A mistake in the configuration: where it is, and what is wrong. */
export interface ConfigError {
  /** A flag, a variable, or `file:line`. */
  readonly where: string;
  readonly origin: Origin;
  readonly message: string;
}

/** Why a file that exists could not be read as text. */
export interface Unreadable {
  /** A phrase such as `permission denied`. */
  readonly why: string;
}

/** Reads the text of a file, or says why it cannot be read; undefined if there is no file. */
export type ReadFile = (path: string) => string | Unreadable | undefined;

export const KEY_OF_NAME: ReadonlyMap<string, OptionKey> = new Map(
  OPTION_KEYS.map((key) => [nameOf(key), key]),
);
