import { fork } from 'node:child_process';
import { outputOf } from '../telemetry/output.ts';
import { type Channel, childChannel, type ToSupervisor, type ToWorker } from './channel.ts';
import { relayLines } from './log-relay.ts';

/** A process that was started to be a worker. */
export interface WorkerProcess {
  readonly pid: number;
  readonly channel: Channel<ToSupervisor, ToWorker>;
  /** Resolves when the process has ended, with the words for how: `exit code 1`, `SIGKILL`. */
  readonly exited: Promise<string>;
  /** Resolves after the end of the process, once everything that it wrote was passed on. */
  readonly closed: Promise<void>;
  kill(): void;
}

/** Starts a worker process that inherits these descriptors. */
export type Spawn = (fds: readonly number[]) => WorkerProcess;

/** The number of the first inherited descriptor in the worker: after the standard three and the channel. */
export const FIRST_FD = 4;

/** Makes a `Spawn` that runs a Node.js program with the argument `worker` and relays what it writes. */
export function spawnWorkers(program: string): Spawn {
  return (fds) => {
    const child = fork(program, ['worker'], { stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...fds] });
    if (child.stdout !== null) relayLines(child.stdout, outputOf(1), 'access');
    if (child.stderr !== null) relayLines(child.stderr, outputOf(2), 'program');
    // A process that could not be started has no pid and emits no `exit`.
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
