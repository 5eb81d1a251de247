import { isIPv4 } from 'node:net';
import { parseArgs } from 'node:util';
import { closest } from 'fastest-levenshtein';
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import { ValueError } from '../model/parse.ts';
import { envOf, nameOf, OPTION_KEYS, OPTIONS, type OptionKey, type Options } from './options.ts';

/** A mistake in the configuration: where it stands and what is wrong. */
export interface ConfigError {
  /** A flag, a variable, or `file:line`. */
  readonly where: string;
  readonly message: string;
}

export interface LoadedOptions {
  readonly options: Options;
  /** The configuration file that was read, if any. */
  readonly file: string | undefined;
  readonly errors: readonly ConfigError[];
  /** What looks wrong but stops nothing. */
  readonly warnings: readonly ConfigError[];
}

export interface LoadInput {
  /** Arguments after the command. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Text of a file; undefined when there is none. */
  readonly readFile: (path: string) => string | undefined;
}

/** Read when `--config` names none and one of them exists. */
export const DEFAULT_FILES = ['fairlead.yaml', '/etc/fairlead/fairlead.yaml'];

/** A text that was found for an option, and where. */
interface Setting {
  readonly text: string;
  readonly where: string;
}
type Settings = Partial<Record<OptionKey, Setting>>;

const KEY_OF_NAME = new Map(OPTION_KEYS.map((key) => [nameOf(key), key]));

/** Options of flags, variables and the file, in that order of precedence; every mistake of all three at once. */
export function loadOptions(input: LoadInput): LoadedOptions {
  const errors: ConfigError[] = [];
  const warnings: ConfigError[] = [];
  const flags = readFlags(input.args, errors);
  const variables = readVariables(input.env, warnings);
  const file = readConfigFile(
    flags.config ?? (input.env['FAIRLEAD_CONFIG'] || undefined),
    input.readFile,
    errors,
  );
  const values: Partial<Record<OptionKey, unknown>> = {};
  for (const key of OPTION_KEYS) {
    const setting =
      flags.settings[key] ?? variables[key] ?? file.settings[key] ?? dockerDefault(key, input.env);
    values[key] = setting === undefined ? OPTIONS[key].default : parseSetting(key, setting, errors);
  }
  readTokenFile(values, input.readFile, errors);
  const options = Object.freeze(values) as Options;
  checkTogether(options, errors);
  return { options, file: file.path, errors, warnings };
}

function parseSetting(key: OptionKey, setting: Setting, errors: ConfigError[]): unknown {
  try {
    return OPTIONS[key].parse(setting.text.trim());
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    errors.push({ where: setting.where, message: `${nameOf(key)} ${error.message}` });
    return OPTIONS[key].default;
  }
}

function readFlags(args: readonly string[], errors: ConfigError[]): { settings: Settings; config?: string } {
  const known = Object.fromEntries([
    ['config', { type: 'string' as const }],
    ...OPTION_KEYS.map((key) => [nameOf(key), { type: isSwitch(key) ? 'boolean' : 'string' } as const]),
  ]);
  const { tokens } = parseArgs({
    args: [...args],
    options: known,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const found: { settings: Settings; config?: string } = { settings: {} };
  for (const [i, token] of tokens.entries()) {
    // The value of an unknown option is part of the same mistake.
    const before = tokens[i - 1];
    const isValue = before?.kind === 'option' && !before.inlineValue && !isKnown(before.name);
    if (token.kind === 'positional' && !isValue)
      errors.push({ where: token.value, message: 'is not an argument of this command' });
    if (token.kind !== 'option') continue;
    const key = KEY_OF_NAME.get(token.name);
    const where = token.rawName;
    if (key !== undefined && isSwitch(key)) found.settings[key] = { text: token.value ?? 'true', where };
    else if (!isKnown(token.name)) errors.push(unknown(where, token.name, '--', 'option'));
    else if (!token.value || (!token.inlineValue && token.value.startsWith('--')))
      errors.push({ where, message: 'needs a value' });
    else if (key === undefined) found.config = token.value;
    else found.settings[key] = { text: token.value, where };
  }
  return found;
}

function isKnown(name: string): boolean {
  return name === 'config' || KEY_OF_NAME.has(name);
}

function isSwitch(key: OptionKey): boolean {
  return OPTIONS[key].value === undefined;
}

function unknown(where: string, name: string, prefix: string, kind: string): ConfigError {
  return {
    where,
    message: `is not an ${kind}; did you mean ${prefix}${closest(name, [...KEY_OF_NAME.keys(), 'config'])}?`,
  };
}

function readVariables(env: LoadInput['env'], warnings: ConfigError[]): Settings {
  const settings: Settings = {};
  const keys = new Map(OPTION_KEYS.map((key) => [envOf(key), key]));
  for (const [where, text] of Object.entries(env)) {
    // A variable that is set to nothing is how compose files leave one out.
    if (!where.startsWith('FAIRLEAD_') || !text || where === 'FAIRLEAD_CONFIG') continue;
    const key = keys.get(where);
    if (key !== undefined) settings[key] = { text, where };
    // Kubernetes and linked containers set variables of this form by themselves, so it is no error.
    else
      warnings.push({
        where,
        message: `is not a variable of Fairlead; did you mean ${closest(where, [...keys.keys()])}?`,
      });
  }
  return settings;
}

function readConfigFile(
  named: string | undefined,
  readFile: LoadInput['readFile'],
  errors: ConfigError[],
): { settings: Settings; path?: string } {
  const path = named ?? DEFAULT_FILES.find((candidate) => readFile(candidate) !== undefined);
  if (path === undefined) return { settings: {} };
  const text = readFile(path);
  if (text === undefined) {
    errors.push({ where: path, message: 'cannot be read: no such file, or not readable' });
    return { settings: {} };
  }
  return { settings: parseConfigFile(path, text, errors), path };
}

/** The options at the top of a configuration file. Its `services:` are the file source's. */
function parseConfigFile(path: string, text: string, errors: ConfigError[]): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number | undefined) => `${path}:${lines.linePos(offset ?? 0).line}`;
  for (const error of document.errors)
    errors.push({ where: at(error.pos[0]), message: error.message.split('\n')[0] ?? '' });
  const { contents } = document;
  if (document.errors.length > 0 || contents === null) return {};
  // `---` alone is an empty file, too.
  if (isScalar(contents) && contents.value === null) return {};
  if (!isMap(contents)) {
    errors.push({ where: at(0), message: 'must be a map of options' });
    return {};
  }
  const settings: Settings = {};
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    const where = at(isScalar(key) ? key.range?.[0] : 0);
    const option = KEY_OF_NAME.get(name);
    if (name === 'services') continue;
    if (option === undefined) {
      const nearest = closest(name, [...KEY_OF_NAME.keys(), 'services']);
      errors.push({ where, message: `${name} is not an option; did you mean ${nearest}?` });
    } else {
      const text = settingText(value, document);
      if (text === undefined)
        errors.push({ where, message: `${name} wants a single value or a list of them` });
      else settings[option] = { text, where };
    }
  }
  return settings;
}

/** A single value, or a list of them with commas. A list within a list is no value: by an alias it may be endless. */
function settingText(node: unknown, document: Document): string | undefined {
  const resolve = (one: unknown) => (isAlias(one) ? one.resolve(document) : one);
  const value = resolve(node);
  if (!isSeq(value)) return scalarText(value);
  const items = value.items.map((item) => scalarText(resolve(item)));
  return items.every((item) => item !== undefined) ? items.join(',') : undefined;
}

function scalarText(node: unknown): string | undefined {
  // The source keeps what YAML would read as a number or a boolean (`1_000`, `8080`, `off`).
  return isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : undefined;
}

/** The variables that every Docker client reads. */
function dockerDefault(key: OptionKey, env: LoadInput['env']): Setting | undefined {
  if (key === 'docker' && env['DOCKER_HOST']) return { text: env['DOCKER_HOST'], where: 'DOCKER_HOST' };
  if (key === 'dockerCerts' && env['DOCKER_TLS_VERIFY'] && env['DOCKER_CERT_PATH']) {
    return { text: env['DOCKER_CERT_PATH'], where: 'DOCKER_CERT_PATH' };
  }
  return undefined;
}

function readTokenFile(
  values: Partial<Record<OptionKey, unknown>>,
  readFile: LoadInput['readFile'],
  errors: ConfigError[],
): void {
  const path = values.adminTokenFile;
  if (typeof path !== 'string' || values.adminToken !== undefined) return;
  const text = readFile(path);
  if (text === undefined) errors.push({ where: path, message: 'admin-token-file cannot be read' });
  else values.adminToken = parseSetting('adminToken', { text, where: path }, errors);
}

/** The address that only this machine reaches. A name that begins like one may lead anywhere. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

function checkTogether(options: Options, errors: ConfigError[]): void {
  if (options.admin !== false && !isLoopback(options.admin.host) && options.adminToken === undefined) {
    errors.push({
      where: 'admin',
      message: 'listens on more than loopback, which needs an admin-token (or admin-token-file)',
    });
  }
}
