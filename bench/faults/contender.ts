import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assertFree, family, hasProgram, kill, listening, memoryBytes } from '../http/process.ts';
import type { FleetBackend } from './fleet.ts';

/** What every proxy is told, each in its own words. */
export interface Setup {
  readonly backends: readonly FleetBackend[];
  readonly port: number;
  /** Try again elsewhere after a 5xx, too. */
  readonly retriesStatuses: boolean;
  /** Processes that carry traffic, for those that have such. */
  readonly workers: number;
  /** Most file descriptors of its process. */
  readonly files?: number;
}

/** A proxy that takes part. */
export interface Contender {
  readonly name: string;
  /** The only method whose requests it treats unlike another contender. */
  readonly only?: 'POST';
  /** What tells its version; undefined when it is not installed. */
  version(): string | undefined;
  /** The signal with which it finishes what it has before it ends. */
  readonly gracefulSignal: NodeJS.Signals;
  /** The text of its configuration. */
  configure(setup: Setup, folder: string): string;
  /** Its command, with that configuration in a file. */
  command(file: string, setup: Setup): readonly [string, ...string[]];
}

/** A running proxy. */
export class RunningProxy {
  readonly origin: string;
  readonly contender: Contender;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #exited: Promise<unknown>;

  private constructor(contender: Contender, child: ChildProcess, folder: string, port: number) {
    this.contender = contender;
    this.#child = child;
    this.#folder = folder;
    this.origin = `http://127.0.0.1:${port}`;
    this.#exited = once(child, 'exit');
    process.on('exit', this.#kill);
  }

  static async start(contender: Contender, setup: Setup): Promise<RunningProxy> {
    await assertFree(setup.port);
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-contender-'));
    const file = join(folder, 'config');
    await writeFile(file, contender.configure(setup, folder));
    const command = contender.command(file, setup);
    const limit = setup.files === undefined ? '' : `ulimit -n ${setup.files}; `;
    const said = join(folder, 'said');
    const child = spawn('sh', ['-c', `${limit}exec "$@" >${said} 2>&1`, 'sh', ...command], {
      stdio: 'ignore',
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    });
    const proxy = new RunningProxy(contender, child, folder, setup.port);
    try {
      await listening(setup.port, child);
      return proxy;
    } catch (error) {
      const text = await readFile(said, 'utf8');
      await proxy.stop();
      throw new Error(`${contender.name} does not start: ${text}`, { cause: error });
    }
  }

  readonly #kill = (): void => kill(this.#child);

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The processes of it. */
  get pids(): number[] {
    return family(this.#child.pid ?? 0);
  }

  /** Resident memory of all its processes, in bytes. */
  get memory(): number {
    return memoryBytes(this.#child.pid ?? 0);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when its process has ended. */
  async exited(): Promise<void> {
    if (this.isRunning) await this.#exited;
  }

  async stop(): Promise<void> {
    kill(this.#child);
    process.off('exit', this.#kill);
    await this.exited();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The first line that a program prints about its version; undefined when it is not installed. */
export function versionOf(program: string, ...args: string[]): string | undefined {
  if (!hasProgram(program)) return undefined;
  // nginx says it on standard error.
  const text = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', program, ...args], { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0];
}
