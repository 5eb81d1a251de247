import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { PATIENCE_MS } from './eventually.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const EMPTY_CONFIG = fileURLToPath(new URL('../fixtures/empty.yaml', import.meta.url));
/** Where Node.js keeps what it compiled: two thirds of a short run would be compiling the same sources again. */
const COMPILED = fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url));

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of Node itself. */
  readonly node?: readonly string[];
  /** File descriptors that it may open. */
  readonly descriptors?: number;
  /** Descriptors of the test in place of the pipes that are read. */
  readonly stdout?: number;
  readonly stderr?: number;
  /** In a terminal of its own, which writes what it shows to standard output. */
  readonly terminal?: boolean;
  /** Who it runs as; only root may say so. */
  readonly uid?: number;
}

export interface CliResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs, in an environment of its own: none of this machine's variables and files count. */
export class RunningCli {
  readonly child: ChildProcess;
  /** How it ended. */
  readonly ended: Promise<CliResult>;
  stdout = '';
  stderr = '';
  #hasEnded = false;
  #wake: (() => void)[] = [];

  constructor(args: readonly string[], options: CliOptions = {}) {
    const {
      cwd,
      env = {},
      node = [],
      descriptors,
      stdout = 'pipe',
      stderr = 'pipe',
      terminal,
      uid,
    } = options;
    const command = [process.execPath, ...node, MAIN, ...args];
    const limited = ['sh', '-c', `ulimit -n ${descriptors} && exec "$0" "$@"`, ...command];
    const shown = ['script', '-qefc', `exec ${command.join(' ')}`, '/dev/null'];
    const [program = '', ...rest] = terminal ? shown : descriptors === undefined ? command : limited;
    this.child = spawn(program, rest, {
      ...(cwd !== undefined && { cwd }),
      ...(uid !== undefined && { uid }),
      env: {
        PATH: process.env['PATH'],
        FAIRLEAD_CONFIG: EMPTY_CONFIG,
        NODE_COMPILE_CACHE: COMPILED,
        ...env,
      },
      stdio: ['ignore', stdout, stderr],
    });
    this.#gather(this.child.stdout, (text) => {
      this.stdout += text;
    });
    this.#gather(this.child.stderr, (text) => {
      this.stderr += text;
    });
    this.ended = once(this.child, 'close').then(([code]) => {
      this.#hasEnded = true;
      this.#notify();
      return { code, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Waits until standard error fits. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const match = pattern.exec(this.stderr);
      if (match !== null) return match;
      const left = deadline - Date.now();
      if (this.#hasEnded || left <= 0) {
        const why = this.#hasEnded ? 'ended' : 'did not come';
        throw new Error(`${pattern} ${why}: ${this.stderr}${this.stdout}`);
      }
      await this.#change(left);
    }
  }

  #gather(stream: Readable | null, take: (text: string) => void): void {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      take(text);
      this.#notify();
    });
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Runs the program to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const running = new RunningCli(args, options);
  const timer = setTimeout(() => running.child.kill('SIGKILL'), PATIENCE_MS);
  const result = await running.ended;
  clearTimeout(timer);
  return result;
}

/** A program that serves, and the ports that it serves on. */
export interface ServingCli {
  readonly cli: RunningCli;
  readonly http: number;
  /** NaN without `--https`. */
  readonly https: number;
  readonly admin: number;
}

/**
 * Starts `serve` or `demo` on free ports, without Docker and, unless the arguments say otherwise, without https, and waits
 * until it listens. Gone at the end of the test.
 */
export async function startCli(
  t: Test,
  command: 'serve' | 'demo',
  args: readonly string[] = [],
  options: CliOptions = {},
): Promise<ServingCli> {
  const ports = ['--http', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--docker', 'off'];
  if (!args.includes('--https')) ports.push('--https', 'off');
  const cli = new RunningCli([command, ...ports, ...args], options);
  t.teardown(() => {
    cli.child.kill('SIGKILL');
    return cli.ended;
  });
  const [, http, https, admin] = await cli.until(
    /listens on \S+:(\d+)(?: \(http\) and \S+:(\d+) \(https\))?, dashboard (?:http:\/\/|on )\S+?:(\d+)\b/,
  );
  return { cli, http: Number(http), https: Number(https), admin: Number(admin) };
}
