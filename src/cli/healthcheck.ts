import { type LoadedOptions, loadOptions } from '../config/load.ts';
import { readText } from '../config/text-file.ts';
import { type Address, formatAddress } from '../model/address.ts';
import { reachable } from './admin-address.ts';
import { plainGet } from './plain-get.ts';
import { servedBeside } from './served.ts';
import { EXIT_FAILURE, EXIT_USAGE, printError, reportAsking, type Terminal } from './terminal.ts';

/** How long a Fairlead may take to answer, in milliseconds: less than Docker waits for a check. */
const TIMEOUT_MS = 2_000;

/**
 * Tells by its exit code whether the Fairlead of these options is ready: for a container's HEALTHCHECK.
 */
export async function healthcheck(args: readonly string[], { env, program }: Terminal): Promise<number> {
  const loaded = await loadLightly(args, servedBeside(args, program), env);
  if (reportAsking(loaded)) return EXIT_USAGE;
  const { admin, http } = loaded.options;
  const asked = admin === false ? (http[0] as Address) : admin;
  // Without an admin address the address of clients is asked, where any answer will do.
  const answer = await plainGet(reachable(asked), admin === false ? '/' : '/readyz', TIMEOUT_MS);
  if (answer !== undefined && (admin === false || answer.status === 200)) return 0;
  if (answer === undefined) printError(`error: no Fairlead answers at ${formatAddress(asked)}`);
  else printError(...`error: Fairlead answered ${answer.status}: ${answer.body.trim()}`.split('\n'));
  return EXIT_FAILURE;
}

/** Loads the options, and the library for YAML only if there is a configuration file. */
async function loadLightly(
  args: readonly string[],
  served: readonly string[],
  env: Terminal['env'],
): Promise<LoadedOptions> {
  let hasFile = false;
  const noteFile = () => {
    hasFile = true;
    return {};
  };
  const loaded = loadOptions({ args, served, env, readFile: readText, parseFile: noteFile });
  if (!hasFile) return loaded;
  const { parseConfigFile: parseFile } = await import('../config/config-yaml.ts');
  return loadOptions({ args, served, env, readFile: readText, parseFile });
}
