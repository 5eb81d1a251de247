import type { ConfigError, Origin, ReadFile, Settings } from './setting.ts';

/** Parses the text of a file into settings, and adds its mistakes to `errors`. */
export type ParseFile = (path: string, text: string, errors: ConfigError[]) => Settings;

interface ConfigFile {
  readonly settings: Settings;
  readonly path?: string;
  readonly text?: string;
}

/**
 * Reads the options of the named file, or of the first default file that exists. A file that exists and cannot be read is
 * a mistake even if it is a default file, because what it says was meant.
 * @param origin where the file is named
 */
export function readConfigFile(
  named: string | undefined,
  origin: Origin,
  defaults: readonly string[],
  readFile: ReadFile,
  parseFile: ParseFile,
  errors: ConfigError[],
): ConfigFile {
  for (const path of named === undefined ? defaults : [named]) {
    const text = readFile(path);
    if (typeof text === 'string') return { settings: parseFile(path, text, errors), path, text };
    if (text === undefined && named === undefined) continue;
    const why = text?.why ?? 'no such file';
    // A default file was not named by anybody, so the message says how to name another one or none.
    const cure = named === undefined ? '; --config names another one, --config /dev/null none' : '';
    errors.push({ where: path, origin, message: `cannot be read: ${why}${cure}` });
    return { settings: {} };
  }
  return { settings: {} };
}
