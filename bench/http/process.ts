import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism } from 'node:os';

/** Proxies have a core to themselves; load and backend share another. Without two cores nobody is pinned. */
const PROXY_CORE = 0;
const LOAD_CORE = 1;
const canPin = availableParallelism() > 1 && hasProgram('taskset');

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

/** A child on the core of proxies or of the load. */
export function start(role: 'proxy' | 'backend', command: string, args: readonly string[]): ChildProcess {
  const core = String(role === 'proxy' ? PROXY_CORE : LOAD_CORE);
  const [program, programArgs] = canPin ? ['taskset', ['-c', core, command, ...args]] : [command, [...args]];
  return spawn(program, programArgs, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Ends a child and waits for it. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** Waits until somebody listens on a port of loopback. */
export async function listening(port: number): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** User and system time of a process so far, in microseconds; undefined where there is no `/proc`. */
export function cpuMicroseconds(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

/** Resident memory of a process, in bytes. */
export function memoryBytes(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
