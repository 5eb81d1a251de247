import { parseConfigFile } from '../config/config-yaml.ts';
import { type LoadedOptions, type LoadInput, loadOptions } from '../config/load.ts';
import type { ConfigError } from '../config/setting.ts';
import { isForAll, readText } from '../config/text-file.ts';
import { type ParsedFile, parseServicesFile } from '../control/discovery/file/parse.ts';
import type { Problem } from '../model/problem.ts';
import { servedBeside } from './served.ts';
import { printError, reportAsking, reportOptions, type Terminal } from './terminal.ts';

/**
 * The options of a command that asks a running Fairlead; undefined when something is wrong with them, which is printed.
 * In a container (`docker exec fairlead fairlead status`) nothing knows of the arguments that it was started with, so
 * that those of process 1 hold, too, if it is one; the command's own win.
 */
export function readOptions(args: readonly string[], terminal: Terminal): LoadedOptions | undefined {
  const loaded = loadFrom(args, terminal, { served: servedBeside(args, terminal.program) });
  return reportAsking(loaded) ? undefined : loaded;
}

/** The same of a command that serves, to which the services of the file matter, too. */
export function readConfiguration(args: readonly string[], terminal: Terminal): LoadedOptions | undefined {
  const loaded = loadFrom(args, terminal, { isForAll });
  return reportConfiguration(loaded) ? undefined : loaded;
}

/** Options of arguments, variables and files as they are now. */
export function loadFrom(
  args: readonly string[],
  { env }: Pick<Terminal, 'env'>,
  more: Partial<Pick<LoadInput, 'served' | 'readFile' | 'isForAll'>> = {},
): LoadedOptions {
  return loadOptions({ args, env, readFile: readText, parseFile: parseConfigFile, ...more });
}

/**
 * Prints what is wrong with the options and with the services of their file, all of it at once; true when there is
 * an error among it. At start a mistake in a service is one in the configuration: nothing was good before.
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

/** What is wrong with the services of a file. Broken YAML is told once, with the options. */
export function servicesProblems(
  { services, problems }: ParsedFile,
  told: readonly ConfigError[],
): Problem[] {
  const all = [...problems, ...services.flatMap((service) => service.problems)];
  return all.filter((problem) => !told.some(({ message }) => message === problem.message));
}

/** `FILE:LINE` */
export function locate(path: string, { where }: Problem): string {
  const line = /^line (\d+)$/.exec(where)?.[1];
  return line === undefined ? `${path}: ${where}` : `${path}:${line}`;
}

/** What is wrong, and what would mend it. */
export function whatIsWrong({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message} (${hint})`;
}
