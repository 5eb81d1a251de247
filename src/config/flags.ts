import { parseArgs } from 'node:util';
import { suggestion } from '../nearest.ts';
import { envOf, nameOf, OPTION_KEYS, OPTIONS, type OptionKey } from './options.ts';
import { type ConfigError, KEY_OF_NAME, type Origin, type Settings } from './setting.ts';

/** The prefix of Fairlead's environment variables. */
const PREFIX = 'FAIRLEAD_';

/** Variables of Fairlead that are not options: the path of the file, and the image that `init` writes. */
const OTHERS = ['FAIRLEAD_CONFIG', 'FAIRLEAD_IMAGE'];

interface Flags {
  settings: Settings;
  config?: string;
}

/**
 * Reads the options of a command line. If an option is given twice, the last one counts, so that arguments can be added to
 * those of a script.
 * @param origin where the command line comes from
 */
export function readFlags(
  args: readonly string[],
  origin: Origin,
  errors: ConfigError[],
  warnings: ConfigError[],
): Flags {
  const tokens = tokensOf(args);
  const found: Flags = { settings: {} };
  const seen = new Set<string>();
  for (const [i, token] of tokens.entries()) {
    // What follows an unknown option is probably its value, and part of the same mistake.
    const before = tokens[i - 1];
    const isValue = before?.kind === 'option' && !before.inlineValue && !isKnown(before.name);
    if (token.kind === 'positional' && !isValue)
      errors.push({ where: token.value, origin, message: 'is not an argument of this command' });
    if (token.kind !== 'option') continue;
    const key = KEY_OF_NAME.get(token.name);
    const where = token.rawName;
    if (seen.has(token.name) && isKnown(token.name))
      warnings.push({ where, origin, message: `is given more than once: the last one counts${cureOf(key)}` });
    seen.add(token.name);
    if (key !== undefined && isSwitch(key))
      found.settings[key] = { text: token.value ?? 'true', where, origin };
    else if (!isKnown(token.name)) errors.push(unknown(where, origin, token.name));
    else if (!token.value || (!token.inlineValue && token.value.startsWith('--')))
      errors.push({ where, origin, message: 'needs a value' });
    else if (key === undefined) found.config = token.value;
    else found.settings[key] = { text: token.value, where, origin };
  }
  return found;
}

/**
 * Splits a command line into options, values and other words. Unknown options are treated as switches.
 * @param more options besides those of the table, by name: whether each takes a value
 */
export function tokensOf(args: readonly string[], more: ReadonlyMap<string, boolean> = new Map()) {
  const all = [
    ['config', true] as const,
    ...OPTION_KEYS.map((key) => [nameOf(key), !isSwitch(key)] as const),
    ...more,
  ];
  const options = all.map(([name, hasValue]) => [name, { type: hasValue ? 'string' : 'boolean' }] as const);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens;
}

/** A hint for somebody who gave an option twice and meant both values. */
function cureOf(key: OptionKey | undefined): string {
  return key !== undefined && Array.isArray(OPTIONS[key].default) ? ' (several values go with commas)' : '';
}

/** Whether a name is that of an option in the table, or `config`. */
export function isKnown(name: string): boolean {
  return name === 'config' || KEY_OF_NAME.has(name);
}

function isSwitch(key: OptionKey): boolean {
  return OPTIONS[key].value === undefined;
}

function unknown(where: string, origin: Origin, name: string): ConfigError {
  return {
    where,
    origin,
    message: `is not an option${suggestion(name, [...KEY_OF_NAME.keys(), 'config', 'help'], '--')}`,
  };
}

/** Reads the options in environment variables. */
export function readVariables(
  env: Readonly<Record<string, string | undefined>>,
  warnings: ConfigError[],
): Settings {
  const origin = 'command';
  const settings: Settings = {};
  const keys = new Map(OPTION_KEYS.map((key) => [envOf(key), key]));
  const names = [...keys.keys(), 'FAIRLEAD_CONFIG'].map((name) => name.slice(PREFIX.length));
  for (const [where, text] of Object.entries(env)) {
    // Compose files leave a variable out by setting it to an empty text.
    if (!where.startsWith(PREFIX) || !text || OTHERS.includes(where)) continue;
    const key = keys.get(where);
    if (key !== undefined) settings[key] = { text, where, origin };
    // An unknown variable is no error, since Kubernetes and linked containers set variables of this form by themselves.
    else
      warnings.push({
        where,
        origin,
        message: `is not a variable of Fairlead${suggestion(where.slice(PREFIX.length), names, PREFIX)}`,
      });
  }
  return settings;
}
