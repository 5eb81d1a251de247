import { request } from 'undici';
import { formatAddress } from '../model/address.ts';
import { askAdmin, explainSilence, reachable } from './admin-client.ts';
import { EXIT_FAILURE, EXIT_USAGE, printError, readOptions, type Terminal } from './terminal.ts';

/** How long a Fairlead may take to answer, in milliseconds: less than Docker waits for a check. */
const TIMEOUT_MS = 2_000;

/**
 * Whether the Fairlead of these options answers: for a container's HEALTHCHECK.
 */
export async function healthcheck(args: readonly string[], terminal: Terminal): Promise<number> {
  const loaded = readOptions(args, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const { options } = loaded;
  if (options.admin === false) return checkHttp(formatAddress(reachable(options.http)));
  const answer = await askAdmin(options, '/healthz');
  if (answer?.status === 200) return 0;
  printError(`error: ${explainSilence(options, answer)}`);
  return EXIT_FAILURE;
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
