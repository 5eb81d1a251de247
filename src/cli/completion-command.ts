import type { Run } from './command.ts';
import { COMMANDS } from './commands.ts';
import { completedCommands } from './completion.ts';
import { SHELLS } from './shells.ts';
import { EXIT_USAGE, printError, write } from './terminal.ts';

/** Prints the script by which a shell completes arguments. */
export const completion: Run = async ({ operands: [shell = ''], options }) => {
  const script = Object.hasOwn(SHELLS, shell) ? SHELLS[shell] : undefined;
  if (script === undefined || options.length > 0) {
    printError('error: completion wants one shell of bash, zsh, fish: fairlead completion bash');
    return EXIT_USAGE;
  }
  await write(script(completedCommands(COMMANDS)));
  return 0;
};
