import { askAdmin, explainSilence } from './admin-client.ts';
import { TRUST } from './certificate-commands.ts';
import type { Given } from './command.ts';
import { readOptions } from './configuration.ts';
import { EXIT_FAILURE, EXIT_USAGE, print, printError, type Terminal } from './terminal.ts';

/** The root of the internal authority of a running Fairlead, and on standard error how to trust it. */
export async function ca({ options }: Given, terminal: Terminal): Promise<number> {
  const loaded = readOptions(options, terminal);
  if (loaded === undefined) return EXIT_USAGE;
  const answer = await askAdmin(loaded.options, '/api/ca.pem');
  if (answer?.status === 404) {
    printError(`error: ${answer.body.trim()}`);
    return EXIT_FAILURE;
  }
  if (answer?.status !== 200) {
    printError(`error: ${explainSilence(loaded.options, answer)}`);
    return EXIT_FAILURE;
  }
  print(...answer.body.trim().split('\n'));
  const width = Math.max(...TRUST.map(([system]) => system.length));
  printError(
    'This root can sign for internal names and private addresses alone. To trust it:',
    ...TRUST.map(([system, how]) => `  ${system.padEnd(width)}  ${how}`),
  );
  return 0;
}
