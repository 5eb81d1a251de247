// Writes cli.md beside it, of the tables that the program itself reads:  npm run docs
import { writeFileSync } from 'node:fs';
import type { Command } from '../src/cli/command.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { flagEntry } from '../src/config/help.ts';
import { nameOf } from '../src/config/options.ts';

/** The page of the command line. */
export function cliPage(): string {
  return [
    '# The command line',
    '',
    'This page is made by `npm run docs` of the table that the program reads. `fairlead help COMMAND` and',
    '`fairlead COMMAND --help` tell the same; [the options](reference.md#options) are those of all commands. In a clone',
    '`npm start -- COMMAND` is `fairlead COMMAND`.',
    '',
    'A mistake in what was asked or configured ends with 2, a failure of what was right with 1. Results are standard',
    'output, what went wrong is standard error.',
    '',
    'In a container of Fairlead they need no options: `docker exec fairlead fairlead status`. They take those that process 1',
    'was started with.',
    '',
    '| command | | exit codes |',
    '|---|---|---|',
    ...COMMANDS.map(({ name, doc, exits }) => {
      const codes = exits.map(([code, meaning]) => `${code}: ${meaning}`).join('<br>');
      return `| [\`${name}\`](#${name}) | ${doc} | ${codes} |`;
    }),
    ...COMMANDS.flatMap(section),
    '',
  ].join('\n');
}

function section({
  name,
  usage,
  doc,
  about = [],
  details = [],
  flags = [],
  options,
  examples,
}: Command): string[] {
  const own = flags.map((flag) => {
    const shown = flagEntry(flag.name, flag.optional ? `[${flag.value}]` : flag.value);
    return `- \`${shown}\`: ${flag.doc}`;
  });
  const matter = options === 'all' ? [] : options.map((key) => `\`--${nameOf(key)}\``);
  return [
    '',
    `## ${name}`,
    '',
    '```text',
    `fairlead ${name} ${usage}`.trimEnd(),
    '```',
    '',
    [doc, ...about].map((text) => text.replace(/\.?$/, '.')).join('\n\n'),
    ...(details.length === 0 ? [] : ['', ...details]),
    ...(own.length === 0 ? [] : ['', ...own]),
    '',
    ...examples.map(([args, meaning]) => `- \`fairlead ${args}\`: ${meaning}`),
    ...(matter.length === 0 ? [] : ['', `Options that matter to it: ${matter.join(', ')}.`]),
  ];
}

if (import.meta.main) writeFileSync(new URL('cli.md', import.meta.url), cliPage());
