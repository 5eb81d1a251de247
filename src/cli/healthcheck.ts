import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { request } from 'undici';
import { formatAddress } from '../model/address.ts';
import { askAdmin, explainSilence, reachable } from './admin-client.ts';
import { EXIT_FAILURE, EXIT_USAGE, printError, readOptions, type Terminal } from './terminal.ts';

/** How long a Fairlead may take to answer, in milliseconds: less than Docker waits for a check. */
const TIMEOUT_MS = 2_000;

/**
 * Whether the Fairlead of these options answers: for a container's HEALTHCHECK, which knows nothing of the arguments
 * that the container was started with. Without arguments of its own it therefore takes those of process 1.
 */
export async function healthcheck(args: readonly string[], terminal: Terminal): Promise<number> {
  const served = args.length > 0 ? args : servedArguments(commandLineOf(1));
  const loaded = readOptions(served, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const { options } = loaded;
  if (options.admin === false) return checkHttp(formatAddress(reachable(options.http)));
  const answer = await askAdmin(options, '/healthz');
  if (answer?.status === 200) return 0;
  printError(`error: ${explainSilence(options, answer)}`);
  return EXIT_FAILURE;
}

/** Empty where it cannot be read, or there is no such file. */
function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/**
 * The options of a process that serves.
 * @param commandLine as `/proc/PID/cmdline` has it; nothing follows from one that is not Fairlead's
 */
export function servedArguments(commandLine: string): string[] {
  const words = commandLine.split('\0').slice(0, -1);
  const program = words.findIndex((word) => ['main.js', 'main.ts', 'fairlead'].includes(basename(word)));
  if (program < 0) return [];
  const args = words.slice(program + 1);
  return args[0]?.startsWith('-') === false ? args.slice(1) : args;
}

/** Without an admin address clients' own is all there is to ask: any answer will do. */
async function checkHttp(authority: string): Promise<number> {
  try {
    const { body } = await request(`http://${authority}/`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    await body.dump();
    return 0;
  } catch {
    printError(`error: no Fairlead answers at ${authority}`);
    return EXIT_FAILURE;
  }
}
