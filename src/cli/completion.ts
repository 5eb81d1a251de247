import { CONFIG_OPTION } from '../config/help.ts';
import { nameOf, OPTION_KEYS, OPTIONS } from '../config/options.ts';
import type { Command, Operand } from './command.ts';

/** What a shell completes for the value of a flag or for an operand. */
export type Completed =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'files' | 'folders' | 'nothing' }
  /** Names that the running Fairlead knows, by `fairlead names WHAT`. */
  | { readonly kind: 'names'; readonly what: string };

export interface CompletedFlag {
  /** The flag with its dashes. */
  readonly name: string;
  readonly doc: string;
  /** What its value is; absent for a switch, and if the value may be left out. */
  readonly value?: Completed;
}

export interface CompletedCommand {
  readonly name: string;
  readonly doc: string;
  readonly flags: readonly CompletedFlag[];
  readonly operands: readonly Completed[];
}

/** Collects all that a shell can complete from the tables of commands and options. */
export function completedCommands(commands: readonly Command[]): CompletedCommand[] {
  return commands.map(({ name, doc, flags = [], options, operands = [] }) => ({
    name,
    doc,
    flags: [
      ...flags.map((flag) => ({
        name: `--${flag.name}`,
        doc: flag.doc,
        ...(flag.value !== undefined && flag.optional === undefined && { value: completedValue(flag.value) }),
      })),
      ...(options === 'all' ? OPTION_KEYS : options).map(optionFlag),
      { name: '--config', doc: CONFIG_OPTION.doc, value: completedValue(CONFIG_OPTION.value) },
      { name: '--help', doc: 'How it is called' },
    ],
    operands: operands.map((operand) => operandOf(operand, commands)),
  }));
}

/** The flags that take a value, without duplicates. */
export function flagsWithValues(commands: readonly CompletedCommand[]): CompletedFlag[] {
  const byName = new Map<string, CompletedFlag>();
  for (const { flags } of commands)
    for (const flag of flags) if (flag.value !== undefined) byName.set(flag.name, flag);
  return [...byName.values()];
}

function optionFlag(key: (typeof OPTION_KEYS)[number]): CompletedFlag {
  const { value, doc } = OPTIONS[key];
  return { name: `--${nameOf(key)}`, doc, ...(value !== undefined && { value: completedValue(value) }) };
}

/** Tells what to complete for a value: `off|json|clf` are choices, as is the `off` in `ADDRESS|off`. */
function completedValue(value: string): Completed {
  if (value === 'FILE') return { kind: 'files' };
  if (value === 'DIR') return { kind: 'folders' };
  const choices = value.split('|').filter((one) => /^[a-z]+$/.test(one));
  return choices.length === 0 ? { kind: 'nothing' } : { kind: 'choices', choices };
}

function operandOf(operand: Operand, commands: readonly Command[]): Completed {
  switch (operand.kind) {
    case 'file':
      return { kind: 'files' };
    case 'choice':
      return { kind: 'choices', choices: operand.choices };
    case 'command':
      return { kind: 'choices', choices: [...commands.map(({ name }) => name), 'options'] };
    case 'word':
      return { kind: 'nothing' };
    default:
      return { kind: 'names', what: operand.kind };
  }
}
