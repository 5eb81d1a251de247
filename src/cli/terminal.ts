import { type LoadedOptions, loadOptions } from '../config/load.ts';
import type { ConfigError } from '../config/setting.ts';
import { isForAll, readText } from '../config/text-file.ts';
import { parseServicesFile } from '../control/discovery/file/parse.ts';
import type { Problem } from '../model/problem.ts';
import { visible } from '../model/visible.ts';
import { withServed } from './served.ts';

/** What a command has of the process that it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard error is a terminal with somebody before it. */
  readonly isTerminal: boolean;
  exit(code: number): never;
  /** The file of this program, which is also what workers run. */
  readonly program: string;
}

/** Exit codes: a mistake in what was asked or configured, and a failure of what was right. */
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 1;

/** Lines on standard output, where what cannot be seen is escaped. */
export function print(...lines: string[]): void {
  put(process.stdout, lines);
}

/** The same on standard error. */
export function printError(...lines: string[]): void {
  put(process.stderr, lines);
}

/** Resolves when all that was printed has left, or its reader is gone. */
export async function printed(): Promise<void> {
  await Promise.all(leaving);
}

const leaving = new Set<Promise<unknown>>();

function put(stream: NodeJS.WriteStream, lines: readonly string[]): void {
  if (lines.length === 0) return;
  const written = write(lines.map((line) => `${visible(line)}\n`).join(''), stream);
  leaving.add(written);
  void written.then(() => leaving.delete(written));
}

/** Text as it is: whoever calls has escaped what cannot be seen. Resolves to false when nobody reads it any more. */
export function write(text: string, stream: NodeJS.WriteStream = process.stdout): Promise<boolean> {
  // Whoever reads it may have seen enough, as `head` has.
  if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  return new Promise((resolve) => stream.write(text, (error) => resolve(!error)));
}

/** The terminal that standard output is. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** It shows colours, and whoever sits before it wants them (https://no-color.org). */
  readonly hasColor: boolean;
}

/** The screen as large as it is now; undefined for a pipe or a file, and for what can only append to itself. */
export function screenOf({ env }: Pick<Terminal, 'env'>): Screen | undefined {
  const { isTTY, columns, rows } = process.stdout;
  if (!isTTY || env['TERM'] === 'dumb') return undefined;
  // A terminal that does not say how large it is has 0.
  return { columns: columns || 80, rows: rows || 24, hasColor: !env['NO_COLOR'] };
}

/**
 * The options of a command that asks a running Fairlead; undefined when something is wrong with them, which is printed.
 * In a container (`docker exec fairlead fairlead status`) nothing knows of the arguments that it was started with, so
 * that those of process 1 hold, too, if it is one; the command's own win.
 */
export function readOptions(args: readonly string[], terminal: Terminal): LoadedOptions | undefined {
  const loaded = loadFrom(withServed(args, terminal.program), terminal);
  return reportOptions(loaded) ? undefined : loaded;
}

/** The same of a command that serves, to which the services of the file matter, too. */
export function readConfiguration(args: readonly string[], terminal: Terminal): LoadedOptions | undefined {
  const loaded = loadFrom(args, terminal, readText, isForAll);
  return reportConfiguration(loaded) ? undefined : loaded;
}

/** Options of arguments, variables and files as they are now. */
export function loadFrom(
  args: readonly string[],
  { env }: Pick<Terminal, 'env'>,
  readFile = readText,
  isForAll = (_: string) => false,
): LoadedOptions {
  return loadOptions({ args, env, readFile, isForAll });
}

/** Prints what is wrong with the options; true when there is an error among it. */
function reportOptions(loaded: LoadedOptions): boolean {
  const line = ({ where, message }: ConfigError) => `${where}: ${message}`;
  printError(...loaded.warnings.map((warning) => `warning: ${line(warning)}`));
  printError(...loaded.errors.map((error) => `error: ${line(error)}`));
  return loaded.errors.length > 0;
}

/**
 * Prints what is wrong with the options and with the services of their file, all of it at once; true when there is
 * an error among it. At start a mistake in a service is one in the configuration: nothing was good before.
 */
function reportConfiguration(loaded: LoadedOptions): boolean {
  const hasBadOptions = reportOptions(loaded);
  const { file, text = '', errors } = loaded;
  const problems = file === undefined ? [] : servicesProblems(file, text, errors);
  printError(
    ...problems.map(
      (problem) => `${problem.severity}: ${locate(file ?? '', problem)}: ${whatIsWrong(problem)}`,
    ),
  );
  return hasBadOptions || problems.some(({ severity }) => severity === 'error');
}

/** What is wrong with the services of a file. Broken YAML is told once, with the options. */
export function servicesProblems(path: string, text: string, told: readonly ConfigError[]): Problem[] {
  const { services, problems } = parseServicesFile(path, text, 0);
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
