import type { OptionKey } from '../config/options.ts';
import type { Terminal } from './terminal.ts';

/** An argument that is no option; its kind says what a shell completes there. */
export type Operand =
  | { readonly kind: 'backend' | 'subject' | 'service' | 'file' | 'command' | 'word' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

/** A flag that only one command has. */
export interface Flag {
  readonly name: string;
  /** The placeholder for its value in the help; absent for a switch. */
  readonly value?: string;
  /** Set if the value may be left out: what a value looks like. */
  readonly optional?: RegExp;
  readonly doc: string;
}

/** The arguments of a command by kind. */
export interface Given {
  /** All arguments as they were given. */
  readonly args: readonly string[];
  readonly operands: readonly string[];
  /** The values of the command's own flags; empty for a flag without a value. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** The other arguments: options of Fairlead, and mistakes. */
  readonly options: readonly string[];
}

/** Runs a command; resolves with the exit code. */
export type Run = (given: Given, terminal: Terminal) => Promise<number>;

export interface Command {
  readonly name: string;
  /** The arguments in its usage line. */
  readonly usage: string;
  /** Its line in the overview. */
  readonly doc: string;
  /** More paragraphs of its help. */
  readonly about?: readonly string[];
  /** Lines of Markdown that are only in the documentation. */
  readonly details?: readonly string[];
  readonly operands?: readonly Operand[];
  /** Whether the last operand may be repeated. */
  readonly isRepeated?: boolean;
  readonly flags?: readonly Flag[];
  /** The options that have an effect on it. */
  readonly options: readonly OptionKey[] | 'all';
  /** Examples of arguments, with what they do. */
  readonly examples: readonly (readonly [args: string, meaning: string])[];
  readonly exits: readonly (readonly [code: number, meaning: string])[];
  /** Loads the code of the command. Commands are loaded apart, so that `version` need not load a proxy. */
  readonly load: () => Promise<Run>;
}

/** The options by which a command finds a running Fairlead. */
export const ASKS = ['admin', 'adminToken', 'adminTokenFile'] as const;

/** The exit code for arguments that make no sense. */
export const MISTAKE = [2, 'a mistake in the arguments, a variable or the configuration file'] as const;
