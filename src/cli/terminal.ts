import type { LoadedOptions } from '../config/load.ts';
import type { ConfigError } from '../config/setting.ts';
import { visible } from '../model/visible.ts';

/** The parts of its process that a command uses. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard error is a terminal with a person before it. */
  readonly isTerminal: boolean;
  exit(code: number): never;
  /** The file of this program, which is also what workers run. */
  readonly program: string;
}

/** Exit codes: for a mistake in what was asked or configured, and for a failure of something right. */
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 1;

/** Prints lines on standard output; invisible characters are escaped. */
export function print(...lines: string[]): void {
  put(process.stdout, lines);
}

/** Prints lines on standard error; invisible characters are escaped. */
export function printError(...lines: string[]): void {
  put(process.stderr, lines);
}

/** Resolves when all that was printed is written, or its reader is gone. */
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

/** Writes a text as it is; the caller has escaped invisible characters. Resolves to false when nobody reads it any more. */
export function write(text: string, stream: NodeJS.WriteStream = process.stdout): Promise<boolean> {
  // A reader such as `head` may stop reading.
  if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  return new Promise((resolve) => stream.write(text, (error) => resolve(!error)));
}

/** The terminal of standard output. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Whether colours are wanted (https://no-color.org). */
  readonly hasColor: boolean;
}

/** The screen in its present size; undefined for a pipe, a file, or a terminal that cannot move its cursor. */
export function screenOf({ env }: Pick<Terminal, 'env'>): Screen | undefined {
  const { isTTY, columns, rows } = process.stdout;
  if (!isTTY || env['TERM'] === 'dumb') return undefined;
  // A terminal that does not tell its size has 0.
  return { columns: columns || 80, rows: rows || 24, hasColor: !env['NO_COLOR'] };
}

/**
 * Prints what is wrong with the options of a command that asks a running Fairlead; returns whether any of it is an error.
 * Only mistakes on the command line and in variables are: with a bad edit of its file a Fairlead goes on, and must still
 * be asked.
 */
export function reportAsking({ errors, warnings }: Reported): boolean {
  const isOwn = ({ origin }: ConfigError) => origin === 'command';
  return reportOptions({
    errors: errors.filter(isOwn),
    warnings: [...warnings, ...errors.filter((error) => !isOwn(error))],
  });
}

type Reported = Pick<LoadedOptions, 'errors' | 'warnings'>;

/** Prints what is wrong with the options; returns whether any of it is an error. */
export function reportOptions(loaded: Reported): boolean {
  const line = ({ where, message }: ConfigError) => `${where}: ${message}`;
  printError(...loaded.warnings.map((warning) => `warning: ${line(warning)}`));
  printError(...loaded.errors.map((error) => `error: ${line(error)}`));
  return loaded.errors.length > 0;
}
