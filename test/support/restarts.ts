import { request } from 'node:http';
import type { Test } from 'tap';
import { RunningCli } from './cli.ts';
import { freePort } from './free-port.ts';

export interface RestartOptions {
  /** The Engine's endpoint. */
  readonly docker: string;
  /** Who is asked for. */
  readonly host: string;
  readonly restarts: number;
}

const RATE = 200;
/** Between two restarts it serves for so many requests. */
const SERVED = 200;

/**
 * Stops a Fairlead on one port and starts it anew, again and again, while clients with a connection for each request
 * ask for a host. Answers how often each status or error came.
 */
export async function restartUnderLoad(t: Test, options: RestartOptions): Promise<Map<string, number>> {
  const { docker, host, restarts } = options;
  const port = await freePort();
  const args = ['serve', '--http', `127.0.0.1:${port}`, '--admin', 'off', '--docker', docker];
  let cli: RunningCli | undefined;
  const start = async () => {
    cli = new RunningCli(args);
    await cli.until(/listens on/);
    return cli;
  };
  t.teardown(async () => {
    clearInterval(timer);
    cli?.child.kill('SIGKILL');
    await cli?.ended;
  });
  const seen = new Map<string, number>();
  const asking = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const one = askOnce(port, host).then((outcome) => {
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    });
    asking.add(one);
    void one.finally(() => asking.delete(one));
  }, 1_000 / RATE);
  let running = await start();
  for (let i = 0; i < restarts; i++) {
    await served(seen, (i + 1) * SERVED);
    running.child.kill('SIGTERM');
    await running.ended;
    running = await start();
  }
  await served(seen, (restarts + 1) * SERVED);
  clearInterval(timer);
  await Promise.all(asking);
  return seen;
}

async function served(seen: ReadonlyMap<string, number>, wanted: number): Promise<void> {
  while ((seen.get('200') ?? 0) < wanted) {
    // Whatever else it answers is told by the test, and must not be waited for.
    if ([...seen].some(([outcome, count]) => /^[345]/.test(outcome) && count > SERVED)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The status of the answer, or the code of the error. */
function askOnce(port: number, host: string): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ port, host: '127.0.0.1', agent: false, headers: { host } }, (response) => {
      response.resume();
      response.on('end', () => resolve(String(response.statusCode)));
      response.on('error', () => resolve('cut'));
    });
    asked.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code ?? 'unknown'));
    asked.end();
  });
}
