import type { ParseFile } from '../config/config-file.ts';
import { readConfig } from '../config/config-yaml.ts';
import { listenersOf } from '../config/listeners.ts';
import { type LoadedOptions, loadOptions } from '../config/load.ts';
import { nameOf, OPTION_KEYS, OPTIONS, type Options } from '../config/options.ts';
import type { ConfigError, ReadFile } from '../config/setting.ts';
import { readText } from '../config/text-file.ts';
import { isComposeFile, parseComposeFile } from '../control/discovery/file/compose.ts';
import { type FileService, parseServicesFile } from '../control/discovery/file/services-file.ts';
import { whyNoRedirect } from '../control/https.ts';
import { hasPage, pagesOf } from '../control/pages.ts';
import type { AllowRule } from '../model/allow.ts';
import type { Problem } from '../model/problem.ts';
import { didYouMean } from '../nearest.ts';
import { pagesDir } from '../shipped.ts';
import { parseYaml, type YamlText } from '../yaml-text.ts';
import { locate, servicesProblems, whatIsWrong } from './configuration.ts';
import { EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';
import { listOr } from './tried.ts';

/** Validates configuration and compose files. */
export async function check(files: readonly string[], terminal: Terminal): Promise<number> {
  const flag = files.find((file) => file.startsWith('-'));
  if (files.length === 0 || flag !== undefined) {
    printError(
      flag === undefined
        ? 'error: check needs files: fairlead check fairlead.yaml compose.yaml'
        : `error: check knows no option ${flag}`,
    );
    return EXIT_USAGE;
  }
  const texts = new Map(files.map((path) => [path, readText(path)]));
  // A pipe can be read only once, so the text is kept.
  const read: ReadFile = (path) => (texts.has(path) ? texts.get(path) : readText(path));
  const given = files.map((path) => readGiven(path, read));
  const held = heldTo(given);
  const results = given.map((file) => checkFile(file, terminal.env, held));
  return results.every((isGood) => isGood) ? 0 : EXIT_USAGE;
}

/** A file that was read, by its kind. */
type Given =
  | { readonly path: string; readonly why: string }
  | { readonly path: string; readonly yaml: YamlText; readonly loaded: LoadedOptions | undefined };

function readGiven(path: string, readFile: ReadFile): Given {
  const text = readFile(path);
  if (typeof text !== 'string') return { path, why: text?.why ?? 'no such file' };
  const yaml = parseYaml(text);
  if (isComposeFile(yaml)) return { path, yaml, loaded: undefined };
  const parseFile: ParseFile = (_path, _text, errors) => readConfig(path, yaml, errors);
  return { path, yaml, loaded: loadOptions({ args: ['--config', path], env: {}, readFile, parseFile }) };
}

/** What the checked configuration files demand of the compose files. */
interface Held {
  readonly allow: readonly AllowRule[];
  /** The files in their folders of pages; undefined if no configuration names a folder. */
  readonly pages: ReadonlySet<string> | undefined;
}

function heldTo(given: readonly Given[]): Held {
  const all = given.flatMap((file) => ('why' in file ? [] : (file.loaded?.options ?? [])));
  return {
    allow: all.flatMap(({ allow }) => allow),
    pages: all.length === 0 ? undefined : new Set(all.flatMap(pagesIn)),
  };
}

function pagesIn(options: Options): string[] {
  return listOr(pagesDir(options));
}

function checkFile(file: Given, env: Terminal['env'], held: Held): boolean {
  if ('why' in file) {
    printError(`${file.path}: error: cannot be read: ${file.why}`);
    return false;
  }
  const { path, yaml, loaded } = file;
  return loaded === undefined ? checkCompose(path, yaml, env, held) : checkConfig(path, yaml, loaded);
}

function checkCompose(path: string, yaml: YamlText, env: Terminal['env'], held: Held): boolean {
  const { services, problems } = parseComposeFile(path, yaml, env, held.allow, held.pages);
  const errors = printProblems(path, problems);
  if (errors === 0) print(`${path}: OK, ${count(services, 'service')} with fairlead labels`);
  return errors === 0;
}

function checkConfig(path: string, yaml: YamlText, loaded: LoadedOptions): boolean {
  const parsed = parseServicesFile(path, yaml, 0);
  const { services } = parsed;
  const optionErrors = loaded.errors.filter((error) => !needsToken(error));
  if (loaded.errors.some(needsToken)) printError(`${path}: notice: admin needs a token, by variable or flag`);
  printError(...optionErrors.map(({ where, message }) => `${where}: error: ${message}`));
  const problems = [...servicesProblems(parsed, loaded.errors), ...missingIn(services, loaded.options)];
  const errors = optionErrors.length + printProblems(path, problems);
  if (errors === 0) print(`${path}: OK, ${count(services.length, 'service')}`, ...whenEffective(loaded));
  return errors === 0;
}

/** Says which options of a file change at once when it is edited, and which at the next start. */
function whenEffective({ settings }: LoadedOptions): string[] {
  const given = OPTION_KEYS.filter((key) => settings[key] !== undefined);
  const names = (isLive: boolean) => given.filter((key) => OPTIONS[key].isLive === isLive).map(nameOf);
  return [
    ['an edit takes effect while Fairlead runs', names(true)] as const,
    ['an edit takes effect at the next start', names(false)] as const,
  ].flatMap(([what, of]) => (of.length === 0 ? [] : [`  ${what}: ${of.join(', ')}`]));
}

/** What of a file's services has no effect, or names what is missing: pages, and services, which may also come from elsewhere. */
function missingIn(services: readonly FileService[], options: Options): Problem[] {
  const claims = services.flatMap((service) => service.claims);
  const names = new Set(services.map(({ name }) => name));
  const pages = new Set(pagesIn(options));
  const listeners = listenersOf(options);
  const notice = (where: string, message: string, hint?: string): Problem => {
    const problem = { severity: 'notice' as const, source: 'file', subject: '', where, message };
    return hint === undefined ? problem : { ...problem, hint };
  };
  const notices = claims.flatMap((claim) => {
    const where = (key: string) => `services.${claim.service}.${key}`;
    const missing = pagesOf(claim)
      .filter(({ file }) => !hasPage(pages, file))
      .map(({ key, file }) =>
        notice(
          where(key),
          `there is no page ${file} in ${pagesDir(options)}`,
          didYouMean(file, pages) ?? 'see pages',
        ),
      );
    const unknown = (claim.settings.fallback ?? []).flatMap((one) =>
      one.kind === 'service' && !names.has(one.service)
        ? notice(
            where('fallback'),
            `names service ${one.service}, which this file does not have`,
            didYouMean(one.service, names) ?? 'well, if a container has it',
          )
        : [],
    );
    const why = whyNoRedirect(claim, listeners);
    return [...missing, ...unknown, ...(why === undefined ? [] : [notice(where('redirect'), why)])];
  });
  // Each backend of a service repeats the same notices.
  return [...new Map(notices.map((one) => [JSON.stringify(one), one])).values()];
}

/** Whether an error only says that there is no token, which usually comes from a variable and not from the file. */
function needsToken(error: ConfigError): boolean {
  return error.where === 'admin';
}

function printProblems(path: string, problems: readonly Problem[]): number {
  printError(
    ...problems.map((problem) => `${locate(path, problem)}: ${problem.severity}: ${whatIsWrong(problem)}`),
  );
  return problems.filter((problem) => problem.severity === 'error').length;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
