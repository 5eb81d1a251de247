import { parseConfigFile } from '../config/config-yaml.ts';
import { type LoadedOptions, type LoadInput, loadOptions } from '../config/load.ts';
import type { ConfigError } from '../config/setting.ts';
import { isForAll, readText } from '../config/text-file.ts';
import { type ParsedFile, parseServicesFile } from '../control/discovery/file/services-file.ts';
import type { Problem } from '../model/problem.ts';
import { servedBeside } from './served.ts';
import { printError, reportAsking, reportOptions, type Terminal } from './terminal.ts';

/**
 * Reads the options of a command that asks a running Fairlead; undefined when something is wrong with them, which is
 * printed. In a container (`docker exec fairlead fairlead status`) the arguments of a Fairlead that is process 1 count as
 * well, since they say where it listens; the command's own win.
 */
export function readOptions(args: readonly string[], terminal: Terminal): LoadedOptions | undefined {
  const loaded = loadFrom(args, terminal, { served: servedBeside(args, terminal.program) });
  return reportAsking(loaded) ? undefined : loaded;
}

/** Reads the options of a command that serves, which also needs the services of the file. */
export function readConfiguration(args: readonly string[], terminal: Terminal): LoadedOptions | undefined {
  const loaded = loadFrom(args, terminal, { isForAll });
  return reportConfiguration(loaded) ? undefined : loaded;
}

/** Loads options from arguments, variables and files as they are now. */
export function loadFrom(
  args: readonly string[],
  { env }: Pick<Terminal, 'env'>,
  more: Partial<Pick<LoadInput, 'served' | 'readFile' | 'isForAll'>> = {},
): LoadedOptions {
  return loadOptions({ args, env, readFile: readText, parseFile: parseConfigFile, ...more });
}

/**
 * Prints everything that is wrong with the options and with the services of their file; returns whether any of it is an
 * error. At start a mistake in a service is an error, since there is no earlier state to go on with.
 */
function reportConfiguration(loaded: LoadedOptions): boolean {
  const hasBadOptions = reportOptions(loaded);
  const { file, text = '', errors } = loaded;
  const problems = file === undefined ? [] : servicesProblems(parseServicesFile(file, text, 0), errors);
  printError(
    ...problems.map(
      (problem) => `${problem.severity}: ${locate(file ?? '', problem)}: ${whatIsWrong(problem)}`,
    ),
  );
  return hasBadOptions || problems.some(({ severity }) => severity === 'error');
}

/** The problems of the services of a file. Broken YAML is reported only once, with the options. */
export function servicesProblems(
  { services, problems }: ParsedFile,
  told: readonly ConfigError[],
): Problem[] {
  const all = [...problems, ...services.flatMap((service) => service.problems)];
  return all.filter((problem) => !told.some(({ message }) => message === problem.message));
}

/** Writes where a problem is: `FILE:LINE`. */
export function locate(path: string, { where }: Problem): string {
  const line = /^line (\d+)$/.exec(where)?.[1];
  return line === undefined ? `${path}: ${where}` : `${path}:${line}`;
}

/** Writes what is wrong, and what would solve it. */
export function whatIsWrong({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message} (${hint})`;
}
