import { readFileSync } from 'node:fs';
import type { ConfigError, LoadedOptions } from '../config/load.ts';

/** What a command has of the process that it runs in. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard error is a terminal with somebody before it. */
  readonly isTerminal: boolean;
  exit(code: number): never;
}

/** Exit codes: a mistake in what was asked or configured, and a failure of what was right. */
export const EXIT_USAGE = 2;
export const EXIT_FAILURE = 1;

export function print(...lines: string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

export function printError(...lines: string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** The text of a file, undefined without one. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Prints what is wrong with the options; true when there is an error among it. */
export function reportOptions(loaded: LoadedOptions): boolean {
  const line = ({ where, message }: ConfigError) => `${where}: ${message}`;
  printError(...loaded.warnings.map((warning) => `warning: ${line(warning)}`));
  printError(...loaded.errors.map((error) => `error: ${line(error)}`));
  return loaded.errors.length > 0;
}
