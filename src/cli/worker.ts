import { drainOutputs } from '../telemetry/output.ts';
import { runWorkerProcess } from '../worker.ts';
import { EXIT_USAGE, printError } from './terminal.ts';

/** What `serve` and `demo` start for themselves when they have more than one worker. */
export async function worker(): Promise<number> {
  const ended = runWorkerProcess();
  if (ended === undefined) {
    printError('error: worker is started by Fairlead itself; see fairlead --help');
    return EXIT_USAGE;
  }
  await ended;
  await drainOutputs();
  return 0;
}
