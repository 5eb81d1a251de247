// The load in a process of its own, so that what measures and what injects faults do not hold it up.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type LoadOptions, type Outcome, startLoad } from '../../test/support/load.ts';

const SELF = fileURLToPath(import.meta.url);

export interface LoadProcess {
  /** Sends no more, waits for what is under way, and answers what became of each request. */
  stop(): Promise<readonly Outcome[]>;
  /** Nobody wants to know what came of it. */
  kill(): void;
}

/** Starts the load; rejects when its process cannot start. */
export async function startLoadProcess(origin: string, options: LoadOptions): Promise<LoadProcess> {
  const child = fork(SELF, [JSON.stringify({ origin, options })], { serialization: 'advanced' });
  await once(child, 'spawn');
  return { stop: () => stopped(child), kill: () => void child.kill('SIGKILL') };
}

async function stopped(child: ChildProcess): Promise<readonly Outcome[]> {
  child.send('stop');
  const [outcomes] = await once(child, 'message');
  child.disconnect();
  return outcomes;
}

if (process.argv[1] === SELF) {
  const { origin, options } = JSON.parse(process.argv[2] ?? '');
  const load = startLoad(origin, options);
  process.once('message', async () => process.send?.((await load.stop()).outcomes));
  process.once('disconnect', () => process.exit(0));
}
