import { fork } from 'node:child_process';
import { outputOf } from '../telemetry/output.ts';
import { type Channel, childChannel, type ToSupervisor, type ToWorker } from './channel.ts';
import { passLines } from './lines.ts';

/** A process that was started to be a worker. */
export interface WorkerProcess {
  readonly pid: number;
  readonly channel: Channel<ToSupervisor, ToWorker>;
  /** Resolves when it is gone, with the words for how: `exit code 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  /** Resolves when everything that it wrote has been passed on, after its end. */
  readonly closed: Promise<void>;
  kill(): void;
}

/** Starts a worker, which inherits these descriptors. */
export type Spawn = (fds: readonly number[]) => WorkerProcess;

/** The first descriptor that a worker inherits, behind the standard three and the channel. */
export const FIRST_FD = 4;

/** Runs a program of Node.js with the argument `worker`; what it writes goes through this process. */
export function spawnWorkers(program: string): Spawn {
  return (fds) => {
    const child = fork(program, ['worker'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...fds] });
    if (child.stdout !== null) passLines(child.stdout, outputOf(1), 'access');
    if (child.stderr !== null) passLines(child.stderr, outputOf(2), 'program');
    // Without a pid it never began, and never ends.
    const failed = new Promise<string>((resolve) => {
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(error.message);
      });
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    const closed = new Promise<unknown>((resolve) => child.once('close', resolve));
    return {
      pid: child.pid ?? 0,
      channel: childChannel(child),
      exited: Promise.race([exited, failed]),
      closed: Promise.race([closed, failed]).then(() => {}),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
