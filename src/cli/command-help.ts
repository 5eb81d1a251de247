import {
  configEntry,
  type Entry,
  flagEntry,
  optionEntries,
  optionEntry,
  optionOverview,
} from '../config/help.ts';
import { suggestion } from '../nearest.ts';
import type { Command } from './command.ts';

/** The most characters of a line: wider ones are hard to read, and a pipe has no width. */
const WIDTH = 100;
/** The most characters of the left column; the meaning of longer entries is on the next line. */
const LEFT = 46;

/** The overview: all commands, on a screen or two. */
export function overview(commands: readonly Command[]): string[] {
  return [
    'Fairlead: a load balancer and reverse proxy for containers.',
    '',
    'Usage: fairlead [COMMAND] [OPTIONS]',
    '',
    'Commands (fairlead COMMAND --help says more)',
    ...columns(
      commands.map(({ name, doc }) => [name, doc]),
      12,
    ),
    '',
    'Options (fairlead help options says what they mean)',
    ...columns([['File', '--config'], ...optionOverview()], 12),
    '',
    'Each is also a variable (--access-log: FAIRLEAD_ACCESS_LOG) and a key of the file (access-log:).',
    '',
    'A container is routed by its labels:',
    '  docker run -d -l fairlead.host=shop.localhost my/shop',
  ];
}

/** The help of a command: its usage, options, examples and exit codes. */
export function commandHelp(command: Command): string[] {
  const { name, usage, doc, about = [], flags = [], options, examples, exits } = command;
  const own = flags.map(
    (flag): Entry => [flagEntry(flag.name, flag.optional ? `[${flag.value}]` : flag.value), flag.doc],
  );
  return [
    `${doc}.`,
    '',
    `Usage: fairlead ${name} ${usage}`.trimEnd(),
    ...about.flatMap((paragraph) => ['', ...wrap(paragraph, WIDTH)]),
    '',
    examples.length === 1 ? 'Example' : 'Examples',
    ...columns(examples.map(([args, meaning]) => [`fairlead ${args}`, meaning])),
    ...(own.length === 0 ? [] : ['', 'Flags', ...columns(own)]),
    ...optionLines(options),
    '',
    'Exit codes',
    ...columns(
      exits.map(([code, meaning]) => [String(code), meaning]),
      1,
    ),
  ];
}

/** The help of all options. */
export function optionsPage(): string[] {
  return [
    'Options: each is a flag, a variable (--access-log: FAIRLEAD_ACCESS_LOG) and a key of the file (access-log:).',
    'A flag wins over a variable, a variable over the file. The default stands in parentheses.',
    ...groupLines(),
  ];
}

/** The help of a command or topic; undefined if there is none of this name. */
export function helpOf(name: string, commands: readonly Command[]): string[] | undefined {
  if (name === 'options') return optionsPage();
  const command = commands.find((one) => one.name === name);
  return command && commandHelp(command);
}

/** What to print for a name that no command has. */
export function noCommand(name: string, commands: readonly Command[]): string[] {
  const names = commands.map((command) => command.name);
  return [
    `error: ${name} is not a command${suggestion(name, names) || `; there are ${names.join(', ')}`}`,
    'See fairlead --help.',
  ];
}

function optionLines(options: Command['options']): string[] {
  if (options === 'all') return groupLines();
  if (options.length === 0) return [];
  return [
    '',
    'Options that matter to it (fairlead help options has all)',
    ...columns([...options.map(optionEntry), configEntry()]),
  ];
}

function groupLines(): string[] {
  return optionEntries().flatMap(([title, entries]) => ['', title, ...columns(entries)]);
}

/** Lays out entries in two columns, of which the right one is wrapped. */
function columns(entries: readonly Entry[], least = 0): string[] {
  const fitting = entries.map(([left]) => left.length).filter((length) => length <= LEFT);
  const left = Math.max(least, ...fitting);
  const indent = ' '.repeat(left + 4);
  return entries.flatMap(([name, meaning]) => {
    const lines = wrap(meaning, WIDTH - indent.length);
    const [first = '', ...rest] = name.length > left ? ['', ...lines] : lines;
    return [`  ${name.padEnd(left)}  ${first}`.trimEnd(), ...rest.map((line) => indent + line)];
  });
}

/** Wraps a text at spaces; a word that is too long stays whole. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
