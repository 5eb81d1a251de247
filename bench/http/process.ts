import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';

/** Proxies have a core to themselves; load and backend share another. Without two cores nobody is pinned. */
const PROXY_CORE = 0;
const LOAD_CORE = 1;
export const canPin = availableParallelism() > 1 && hasProgram('taskset');

/** Clock ticks in a second: what `/proc` counts in, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Pins this process, which makes the load. */
export function pinSelf(): void {
  if (canPin) execFileSync('taskset', ['-acp', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' });
}

/** What is run, and where. */
export interface Command {
  readonly role: 'proxy' | 'backend' | 'load';
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Files that take standard output and error. Without them the one is dropped and the other is ours. */
  readonly stdout?: string | 'pipe';
  readonly stderr?: string;
}

/** A child on the core of proxies or of the load. */
export function start({ role, program, args, env = {}, stdout, stderr }: Command): ChildProcess {
  const core = String(role === 'proxy' ? PROXY_CORE : LOAD_CORE);
  const [command, all] = canPin ? ['taskset', ['-c', core, program, ...args]] : [program, [...args]];
  const out = stdout === undefined ? 'ignore' : stdout === 'pipe' ? 'pipe' : openSync(stdout, 'a');
  const errors = stderr === undefined ? 'inherit' : openSync(stderr, 'a');
  return spawn(command, all, { stdio: ['ignore', out, errors], env: { ...process.env, ...env } });
}

/** Ends a child and all of its own, and waits for it. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const pids = family(child.pid ?? 0);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  kill(child);
  await ended;
  // One with many connections takes a while to go, and would be asked in place of the next that listens there.
  for (let i = 0; i < 200 && pids.some(isRunning); i++)
    await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whether a process has yet to end; one that only nobody has asked about does not. */
function isRunning(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && !/^.*\) Z/s.test(stat);
}

/** The same without waiting. */
export function kill(child: ChildProcess): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  // The parent first, which would replace a child.
  for (const pid of family(child.pid ?? 0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended with its parent.
    }
  }
}

/** Rejects when somebody listens there already, whose answers would be taken for those of our own. */
export async function assertFree(port: number): Promise<void> {
  if (await isListening(port))
    throw new Error(
      `port ${port} is taken by another process (npm run bench takes others from BENCH_PORT on)`,
    );
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Waits until somebody listens on a port of loopback. Rejects when the child ends before, or after 10 s. */
export async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (await isListening(port)) return;
    if (child.exitCode !== null) throw new Error(`it ended with code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** User and system time of a process and its children so far, in microseconds; NaN where there is no `/proc`. */
export function cpuMicroseconds(pid: number): number {
  let ticks = 0;
  for (const one of family(pid)) {
    const fields = read(`/proc/${one}/stat`)
      .replace(/^.*\) /s, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}

/** Resident memory of a process and its children, in bytes; NaN where there is no `/proc`. */
export function memoryBytes(pid: number): number {
  let kilobytes = 0;
  for (const one of family(pid))
    kilobytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${one}/status`))?.[1]);
  return kilobytes * 1024;
}

/** A process and those that it started, the parent first. */
export function family(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(family)];
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
