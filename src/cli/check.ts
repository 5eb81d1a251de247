import { type ConfigError, loadOptions } from '../config/load.ts';
import { isComposeFile, parseComposeFile } from '../control/discovery/file/compose.ts';
import { parseServicesFile } from '../control/discovery/file/parse.ts';
import type { AllowRule } from '../model/allow.ts';
import type { Problem } from '../model/problem.ts';
import {
  EXIT_USAGE,
  locate,
  print,
  printError,
  readText,
  servicesProblems,
  type Terminal,
  whatIsWrong,
} from './terminal.ts';

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
  const allow = rulesOf(files);
  const results = files.map((file) => checkFile(file, terminal.env, allow));
  return results.every((isGood) => isGood) ? 0 : EXIT_USAGE;
}

/** The rules that compose files are held to: those of the configuration files among them. */
function rulesOf(files: readonly string[]): readonly AllowRule[] {
  return files.flatMap((path) => {
    const text = readText(path);
    if (text === undefined || isComposeFile(text)) return [];
    return loadOptions({ args: ['--config', path], env: {}, readFile: readText }).options.allow;
  });
}

function checkFile(path: string, env: Terminal['env'], allow: readonly AllowRule[]): boolean {
  const text = readText(path);
  if (text === undefined) {
    printError(`${path}: cannot be read: no such file, or not readable`);
    return false;
  }
  return isComposeFile(text) ? checkCompose(path, text, env, allow) : checkConfig(path, text);
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

function checkConfig(path: string, text: string): boolean {
  const loaded = loadOptions({ args: ['--config', path], env: {}, readFile: readText });
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
