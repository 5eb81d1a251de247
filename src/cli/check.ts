import { parseConfigFile } from '../config/config-yaml.ts';
import { type LoadedOptions, loadOptions } from '../config/load.ts';
import type { ConfigError, ReadFile } from '../config/setting.ts';
import { readText } from '../config/text-file.ts';
import { isComposeFile, parseComposeFile } from '../control/discovery/file/compose.ts';
import { parseServicesFile } from '../control/discovery/file/parse.ts';
import type { AllowRule } from '../model/allow.ts';
import type { Problem } from '../model/problem.ts';
import { locate, servicesProblems, whatIsWrong } from './configuration.ts';
import { EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';

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
  // Also of a pipe, which is read but once.
  const read: ReadFile = (path) => (texts.has(path) ? texts.get(path) : readText(path));
  const allow = rulesOf(files, read);
  const results = files.map((file) => checkFile(file, read, terminal.env, allow));
  return results.every((isGood) => isGood) ? 0 : EXIT_USAGE;
}

/** The rules that compose files are held to: those of the configuration files among them. */
function rulesOf(files: readonly string[], read: ReadFile): readonly AllowRule[] {
  return files.flatMap((path) => {
    const text = read(path);
    if (typeof text !== 'string' || isComposeFile(text)) return [];
    return loadFile(path, read).options.allow;
  });
}

function loadFile(path: string, readFile: ReadFile): LoadedOptions {
  return loadOptions({ args: ['--config', path], env: {}, readFile, parseFile: parseConfigFile });
}

function checkFile(path: string, read: ReadFile, env: Terminal['env'], allow: readonly AllowRule[]): boolean {
  const text = read(path);
  if (typeof text !== 'string') {
    printError(`${path}: error: cannot be read: ${text?.why ?? 'no such file'}`);
    return false;
  }
  return isComposeFile(text) ? checkCompose(path, text, env, allow) : checkConfig(path, text, read);
}

function checkCompose(
  path: string,
  text: string,
  env: Terminal['env'],
  allow: readonly AllowRule[],
): boolean {
  const { services, problems } = parseComposeFile(path, text, env, allow);
  const errors = printProblems(path, problems);
  if (errors === 0) print(`${path}: OK, ${count(services, 'service')} with fairlead labels`);
  return errors === 0;
}

function checkConfig(path: string, text: string, read: ReadFile): boolean {
  const loaded = loadFile(path, read);
  const { services } = parseServicesFile(path, text, 0);
  const optionErrors = loaded.errors.filter((error) => !needsToken(error));
  if (loaded.errors.some(needsToken)) printError(`${path}: notice: admin needs a token, by variable or flag`);
  printError(...optionErrors.map(({ where, message }) => `${where}: error: ${message}`));
  const errors = optionErrors.length + printProblems(path, servicesProblems(path, text, loaded.errors));
  if (errors === 0) print(`${path}: OK, ${count(services.length, 'service')}`);
  return errors === 0;
}

/** A token rather comes by a variable than stands in a file. */
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
