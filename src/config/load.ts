import { isIPv4 } from 'node:net';
import { ValueError } from '../model/parse-values.ts';
import { type ParseFile, readConfigFile } from './config-file.ts';
import { readFlags, readVariables } from './flags.ts';
import { nameOf, OPTION_KEYS, OPTIONS, type OptionKey, type Options } from './options.ts';
import type { ConfigError, Origin, ReadFile, Setting, Settings } from './setting.ts';

export interface LoadedOptions {
  readonly options: Options;
  /** The configuration file that was read, if any. */
  readonly file: string | undefined;
  /** What stood in it. */
  readonly text: string | undefined;
  /** Where each option that is set was found. Among the texts is that of the token. */
  readonly settings: Settings;
  /** What the file says of options that a flag or a variable sets, too: it has no effect. */
  readonly overruled: Settings;
  readonly errors: readonly ConfigError[];
  /** What looks wrong but stops nothing. */
  readonly warnings: readonly ConfigError[];
}

export interface LoadInput {
  /** Arguments after the command. */
  readonly args: readonly string[];
  /** Those of a Fairlead that the command asks, as far as the command has none of its own. */
  readonly served?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
  /** `parseConfigFile`, for which a library is loaded that not everyone needs. */
  readonly parseFile: ParseFile;
  /** Whether every user of the machine may read a file, which one with a token should not be. */
  readonly isForAll?: (path: string) => boolean;
}

/** Read when `--config` names none and one of them exists. */
export const DEFAULT_FILES = ['fairlead.yaml', '/etc/fairlead/fairlead.yaml'];

const FOR_ALL = 'holds the admin token, and every user of this machine can read it (chmod 600)';

/** Options of flags, variables and the file, in that order of precedence; every mistake of all three at once. */
export function loadOptions(input: LoadInput): LoadedOptions {
  const { args, served = [], env, readFile, parseFile } = input;
  const errors: ConfigError[] = [];
  const warnings: ConfigError[] = [];
  const flags = readFlags(args, 'command', errors, warnings);
  const others = readFlags(served, 'configuration', errors, warnings);
  const variables = readVariables(env, warnings);
  const named = flags.config ?? others.config ?? (env['FAIRLEAD_CONFIG'] || undefined);
  const origin = flags.config === undefined ? 'configuration' : 'command';
  const found = readConfigFile(named, origin, DEFAULT_FILES, readFile, parseFile, errors);
  const { path: file, text, settings: ofFile } = found;
  const above: Settings = { ...variables, ...others.settings, ...flags.settings };
  const settings: Settings = { ...dockerDefaults(env), ...ofFile, ...above };
  const isOwn = flags.settings.adminTokenFile !== undefined;
  readToken(settings, isOwn ? 'command' : 'configuration', input, errors, warnings);
  const values: Partial<Record<OptionKey, unknown>> = {};
  for (const key of OPTION_KEYS) {
    const setting = settings[key];
    values[key] = setting === undefined ? OPTIONS[key].default : parseSetting(key, setting, errors);
  }
  const options = Object.freeze(values) as Options;
  checkTogether(options, settings, errors);
  if (file !== undefined && ofFile.adminToken !== undefined && input.isForAll?.(file))
    warnings.push({ where: file, origin: 'configuration', message: FOR_ALL });
  const overruled = Object.fromEntries(Object.entries(ofFile).filter(([key]) => Object.hasOwn(above, key)));
  return { options, file, text, settings, overruled, errors, warnings };
}

function parseSetting(key: OptionKey, setting: Setting, errors: ConfigError[]): unknown {
  try {
    return OPTIONS[key].parse(setting.text.trim());
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    errors.push({ where: setting.where, origin: setting.origin, message: `${nameOf(key)} ${error.message}` });
    return OPTIONS[key].default;
  }
}

/** The variables that every Docker client reads. */
function dockerDefaults(env: LoadInput['env']): Settings {
  const origin = 'command';
  const settings: Settings = {};
  if (env['DOCKER_HOST']) settings.docker = { text: env['DOCKER_HOST'], where: 'DOCKER_HOST', origin };
  if (env['DOCKER_TLS_VERIFY'] && env['DOCKER_CERT_PATH'])
    settings.dockerCerts = { text: env['DOCKER_CERT_PATH'], where: 'DOCKER_CERT_PATH', origin };
  return settings;
}

/**
 * The token of the file that is named, unless there is one without it.
 * @param origin who is told when that file cannot be read
 */
function readToken(
  settings: Settings,
  origin: Origin,
  { readFile, isForAll }: LoadInput,
  errors: ConfigError[],
  warnings: ConfigError[],
): void {
  const { adminTokenFile: named, adminToken: given } = settings;
  if (named === undefined) return;
  const path = named.text.trim();
  if (given !== undefined) {
    warnings.push({
      where: named.where,
      origin,
      message: `admin-token-file has no effect beside ${given.where}`,
    });
    return;
  }
  const text = readFile(path);
  if (typeof text === 'string' && text.trim() !== '') settings.adminToken = { text, where: path, origin };
  else errors.push({ where: path, origin, message: `admin-token-file ${whyNoToken(text)}` });
  if (isForAll?.(path)) warnings.push({ where: path, origin, message: FOR_ALL });
}

function whyNoToken(text: ReturnType<ReadFile>): string {
  if (typeof text === 'string') return 'is empty';
  return `cannot be read: ${text === undefined ? 'no such file' : text.why}`;
}

/** The address that only this machine reaches. A name that begins like one may lead anywhere. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Whether others than this machine reach an admin address, which takes a token. */
export function isOpen(admin: Options['admin']): boolean {
  return admin !== false && !isLoopback(admin.host);
}

/** A token that is wrong is told of by itself. */
function checkTogether({ admin }: Options, settings: Settings, errors: ConfigError[]): void {
  const hasToken = settings.adminToken !== undefined || settings.adminTokenFile !== undefined;
  if (!isOpen(admin) || hasToken) return;
  errors.push({
    where: 'admin',
    origin: 'configuration',
    message: 'listens on more than loopback, which needs an admin-token (or admin-token-file)',
  });
}
