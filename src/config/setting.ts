import { nameOf, OPTION_KEYS, type OptionKey } from './options.ts';

/**
 * Whose word it is: that of a command line and its environment, or of files, and of how a Fairlead was started that a command
 * asks.
 */
export type Origin = 'command' | 'configuration';

/** A text that was found for an option, and where. */
export interface Setting {
  readonly text: string;
  /** A flag, a variable, or `FILE:LINE`. */
  readonly where: string;
  readonly origin: Origin;
}

export type Settings = Partial<Record<OptionKey, Setting>>;

/** A mistake in the configuration: where it stands and what is wrong. */
export interface ConfigError {
  /** A flag, a variable, or `file:line`. */
  readonly where: string;
  readonly origin: Origin;
  readonly message: string;
}

/** Why a file that is there has no text. */
export interface Unreadable {
  /** Such as `permission denied`. */
  readonly why: string;
}

/** The text of a file, or why there is none of it; undefined without the file. */
export type ReadFile = (path: string) => string | Unreadable | undefined;

export const KEY_OF_NAME: ReadonlyMap<string, OptionKey> = new Map(
  OPTION_KEYS.map((key) => [nameOf(key), key]),
);
