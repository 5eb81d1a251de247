import type { ConfigError, Origin, ReadFile, Settings } from './setting.ts';

/** Makes settings of a file's text, and says what is wrong with it. */
export type ParseFile = (path: string, text: string, errors: ConfigError[]) => Settings;

interface ConfigFile {
  readonly settings: Settings;
  readonly path?: string;
  readonly text?: string;
}

/**
 * The options of the file that is named, else of the first default file that there is. One that is there and cannot be read
 * is a mistake, whoever named it: what it says was meant.
 * @param origin who names it
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
    // Nobody asked for a default file by name, and may wonder what it has to do with the command.
    const cure = named === undefined ? '; --config names another one, --config /dev/null none' : '';
    errors.push({ where: path, origin, message: `cannot be read: ${why}${cure}` });
    return { settings: {} };
  }
  return { settings: {} };
}
