import { readArguments } from './arguments.ts';
import { commandHelp, helpOf, noCommand, overview } from './command-help.ts';
import { COMMANDS, INTERNAL } from './commands.ts';
import { EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';

/** Other names of commands. */
const ALIASES: Readonly<Record<string, string>> = { '--version': 'version', '-v': 'version' };

/** Runs the command that the arguments name; resolves with the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [first = ''] = args;
  const name = Object.hasOwn(ALIASES, first) ? (ALIASES[first] ?? '') : first;
  const isNamed = name !== '' && !name.startsWith('-');
  const rest = isNamed ? args.slice(1) : args;
  const wantsHelp = rest.includes('--help') || rest.includes('-h');
  if (name === 'help') return showHelp(rest.find((one) => !one.startsWith('-')));
  if (wantsHelp && !isNamed) return showHelp(undefined);
  const wanted = isNamed ? name : 'serve';
  const command = [...COMMANDS, ...INTERNAL].find((one) => one.name === wanted);
  if (command === undefined) {
    printError(...noCommand(name, COMMANDS));
    return EXIT_USAGE;
  }
  if (wantsHelp) {
    print(...commandHelp(command));
    return 0;
  }
  const { given, errors } = readArguments(command, rest);
  printError(...errors.map((error) => `error: ${error}`));
  if (errors.length > 0) return EXIT_USAGE;
  return (await command.load())(given, terminal);
}

function showHelp(topic: string | undefined): number {
  const page = topic === undefined ? overview(COMMANDS) : helpOf(topic, COMMANDS);
  if (page === undefined) printError(...noCommand(topic ?? '', COMMANDS));
  else print(...page);
  return page === undefined ? EXIT_USAGE : 0;
}
