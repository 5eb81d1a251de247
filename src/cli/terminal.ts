import type { LoadedOptions } from '../config/load.ts';
import type { ConfigError } from '../config/setting.ts';
import { visible } from '../model/visible.ts';

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
 * The same of a command that asks a running Fairlead. That goes on with what it knew when an edit of its file is bad, so
 * nobody is kept from asking it: only what was said on the command line or by a variable is an error.
 */
export function reportAsking({ errors, warnings }: Reported): boolean {
  const isOwn = ({ origin }: ConfigError) => origin === 'command';
  return reportOptions({
    errors: errors.filter(isOwn),
    warnings: [...warnings, ...errors.filter((error) => !isOwn(error))],
  });
}

type Reported = Pick<LoadedOptions, 'errors' | 'warnings'>;

/** Prints what is wrong with the options; true when there is an error among it. */
export function reportOptions(loaded: Reported): boolean {
  const line = ({ where, message }: ConfigError) => `${where}: ${message}`;
  printError(...loaded.warnings.map((warning) => `warning: ${line(warning)}`));
  printError(...loaded.errors.map((error) => `error: ${line(error)}`));
  return loaded.errors.length > 0;
}
