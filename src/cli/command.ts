import type { OptionKey } from '../config/options.ts';
import type { Terminal } from './terminal.ts';

/** What a command takes besides options, which also says what a shell may complete. */
export type Operand =
  | { readonly kind: 'backend' | 'subject' | 'service' | 'file' | 'command' | 'word' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

/** A flag of one command alone. */
export interface Flag {
  readonly name: string;
  /** What help shows for its value; absent for a switch. */
  readonly value?: string;
  /** What a value looks like where it may also be left out. */
  readonly optional?: RegExp;
  readonly doc: string;
}

/** The arguments of a command, by what they are. */
export interface Given {
  /** All of them, as they were given. */
  readonly args: readonly string[];
  readonly operands: readonly string[];
  /** Values of the flags of its own; empty for one without a value. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  /** The rest: options of Fairlead, and what is wrong. */
  readonly options: readonly string[];
}

/** Answers the exit code. */
export type Run = (given: Given, terminal: Terminal) => Promise<number>;

export interface Command {
  readonly name: string;
  /** What follows its name. */
  readonly usage: string;
  /** One line for the overview. */
  readonly doc: string;
  /** What else there is to know: paragraphs. */
  readonly about?: readonly string[];
  /** Lines of Markdown for its page alone. */
  readonly details?: readonly string[];
  readonly operands?: readonly Operand[];
  /** The last operand may be repeated. */
  readonly isRepeated?: boolean;
  readonly flags?: readonly Flag[];
  /** Options that matter to it. */
  readonly options: readonly OptionKey[] | 'all';
  /** Arguments, and what they are good for. */
  readonly examples: readonly (readonly [args: string, meaning: string])[];
  readonly exits: readonly (readonly [code: number, meaning: string])[];
  /** Loaded when it is asked for: `version` must not wait for a proxy. */
  readonly load: () => Promise<Run>;
}

/** What a command needs to find a running Fairlead. */
export const ASKS = ['admin', 'adminToken', 'adminTokenFile'] as const;

/** How a command ends that was asked for what makes no sense. */
export const MISTAKE = [2, 'a mistake in the arguments, a variable or the configuration file'] as const;
