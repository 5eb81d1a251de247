import { basename } from 'node:path';
import { readOr } from './tried.ts';

/**
 * The arguments of process 1, if that is a Fairlead that serves, as it is in a container; without those that the command's
 * own arguments replace.
 */
export function servedBeside(args: readonly string[], program: string): string[] {
  return without(servedArguments(readOr('/proc/1/cmdline'), program), args);
}

/** Leaves out the options that are also among other arguments. */
export function without(served: readonly string[], others: readonly string[]): string[] {
  const nameOf = (word: string | undefined) => (word?.startsWith('-') ? word.split('=')[0] : undefined);
  const replaced = new Set(others.map(nameOf));
  return served.filter((word, index) => {
    const before = served[index - 1];
    // A value belongs to the option before it.
    const option = nameOf(word) ?? (before?.includes('=') ? undefined : nameOf(before));
    return option === undefined || !replaced.has(option);
  });
}

/**
 * The options in the command line of a process that serves; none if it is not Fairlead.
 * @param commandLine the content of `/proc/PID/cmdline`
 * @param program the file of Fairlead's program, for when it was not started by its name
 */
export function servedArguments(commandLine: string, program: string): string[] {
  const words = commandLine.split('\0').slice(0, -1);
  const at = words.findIndex((word) => word === program || basename(word) === 'fairlead');
  if (at < 0) return [];
  const args = words.slice(at + 1);
  return args[0]?.startsWith('-') === false ? args.slice(1) : args;
}
