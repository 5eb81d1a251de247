import { parseConfigFile } from '../../src/config/config-yaml.ts';
import { type LoadedOptions, loadOptions } from '../../src/config/load.ts';
import type { Unreadable } from '../../src/config/setting.ts';

/** The sources of options as tests write them. */
export interface TestInput {
  /** Flags, separated by spaces, or one by one. */
  readonly args?: string | readonly string[];
  /** Those of a Fairlead that is asked. */
  readonly served?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Texts of files by their paths; the only ones that there are. */
  readonly files?: Readonly<Record<string, string | Unreadable>>;
  readonly isForAll?: (path: string) => boolean;
}

/** Options of these sources and of nothing else of this machine. */
export function load({ args = [], served = [], env = {}, files = {}, isForAll }: TestInput): LoadedOptions {
  const list = typeof args === 'string' ? args.split(' ') : args;
  const readFile = (path: string) => files[path];
  return loadOptions({
    args: list,
    served,
    env,
    readFile,
    parseFile: parseConfigFile,
    ...(isForAll && { isForAll }),
  });
}

/** Options of a file alone. */
export function loadFile(text: string): LoadedOptions {
  return load({ files: { 'fairlead.yaml': text } });
}

/** Each mistake as it is printed. */
export function mistakes({ errors }: LoadedOptions): string[] {
  return errors.map(({ where, message }) => `${where}: ${message}`);
}
