import { isIPv4 } from 'node:net';
import { ValueError } from '../model/parse-values.ts';
import { type ParseFile, readConfigFile } from './config-file.ts';
import { readFlags, readVariables } from './flags.ts';
import { takenTwice } from './listeners.ts';
import { nameOf, OPTION_KEYS, OPTIONS, type OptionKey, type Options } from './options.ts';
import type { ConfigError, Origin, ReadFile, Setting, Settings } from './setting.ts';

export interface LoadedOptions {
  readonly options: Options;
  /** The configuration file that was read, if any. */
  readonly file: string | undefined;
  /** The text of that file. */
  readonly text: string | undefined;
  /** The text of each option that is set, and where it was found. One of the texts is the secret token. */
  readonly settings: Settings;
  /** Settings of the file without effect, because a flag or a variable sets the same option. */
  readonly overruled: Settings;
  readonly errors: readonly ConfigError[];
  /** What looks wrong but is no reason not to start. */
  readonly warnings: readonly ConfigError[];
}

export interface LoadInput {
  /** Arguments after the command. */
  readonly args: readonly string[];
  /** The arguments of the running Fairlead that the command talks to; the command's own arguments come first. */
  readonly served?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
  /** `parseConfigFile`. It is passed in, because the library that it needs is loaded only if there is a file. */
  readonly parseFile: ParseFile;
  /** Whether every user of the machine may read a file; a warning for a file with a token. */
  readonly isForAll?: (path: string) => boolean;
}

/** The files that are looked for if `--config` names none; the first one that exists is read. */
export const DEFAULT_FILES = ['fairlead.yaml', '/etc/fairlead/fairlead.yaml'];

const FOR_ALL = 'holds the admin token, and every user of this machine can read it (chmod 600)';

/** Loads the options from flags, variables and the file, in that order of precedence. Collects the mistakes of all three. */
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
  const settings: Settings = { ...dockerDefaults(env), ...dataDefault(env), ...ofFile, ...above };
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

/** Reads the environment variables that every Docker client knows. */
function dockerDefaults(env: LoadInput['env']): Settings {
  const origin = 'command';
  const settings: Settings = {};
  if (env['DOCKER_HOST']) settings.docker = { text: env['DOCKER_HOST'], where: 'DOCKER_HOST', origin };
  if (env['DOCKER_TLS_VERIFY'] && env['DOCKER_CERT_PATH'])
    settings.dockerCerts = { text: env['DOCKER_CERT_PATH'], where: 'DOCKER_CERT_PATH', origin };
  return settings;
}

/** Where programs keep what is theirs (XDG Base Directory Specification). */
function dataDefault(env: LoadInput['env']): Settings {
  const name = ['XDG_DATA_HOME', 'HOME'].find((variable) => env[variable]?.startsWith('/'));
  if (name === undefined) return {};
  const text = `${env[name]}${name === 'HOME' ? '/.local/share' : ''}/fairlead`;
  return { data: { text, where: name, origin: 'command' } };
}

/**
 * Reads the token from `admin-token-file`, unless a token is given directly.
 * @param origin the origin of the error if that file cannot be read
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

/** Whether only this machine reaches an address. Of names only localhost counts, since any other may resolve to anything. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Whether other machines can reach the admin address, so that it needs a token. */
export function isOpen(admin: Options['admin']): boolean {
  return admin !== false && !isLoopback(admin.host);
}

/** Checks options that depend on each other. An invalid token has been reported already. */
function checkTogether({ admin, http, https }: Options, settings: Settings, errors: ConfigError[]): void {
  const taken = https === false ? undefined : takenTwice(http, https);
  if (taken !== undefined) {
    const { where, origin } = settings.https ?? { where: 'https', origin: 'configuration' };
    errors.push({ where, origin, message: `https ${taken} (http)` });
  }
  const hasToken = settings.adminToken !== undefined || settings.adminTokenFile !== undefined;
  if (!isOpen(admin) || hasToken) return;
  errors.push({
    where: 'admin',
    origin: 'configuration',
    message: 'listens on more than loopback, which needs an admin-token (or admin-token-file)',
  });
}
