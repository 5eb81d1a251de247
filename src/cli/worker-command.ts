import { drainOutputs } from '../telemetry/output.ts';
import { runWorkerProcess } from '../worker-app.ts';
import { EXIT_USAGE, printError } from './terminal.ts';

/** The command `worker`, which `serve` and `demo` start as a process for each of several workers. */
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
