import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { eventually } from '../support/eventually.ts';

export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = fileURLToPath(new URL('.', import.meta.url));
/** The project's own image, as it is named within the machine. */
export const FAIRLEAD_IMAGE = 'fairlead-of-the-checkout';

/** What a command printed on both outputs, and the status it ended with; null when it was ended. */
export interface Ran {
  readonly output: string;
  readonly status: number | null;
}

/**
 * A machine of its own for what pages say: ports, addresses, processes and an Engine that nobody else has, so that each
 * command runs as it is printed. Nothing leads out of it.
 */
export class Machine {
  /** Where pages have their folders; it is gone with the machine. */
  readonly folder: string;
  readonly #first: ChildProcess;

  private constructor(folder: string, first: ChildProcess) {
    this.folder = folder;
    this.#first = first;
  }

  /** Starts one for a test. Needs root, and dockerd, unshare and nsenter. */
  static async start(t: Test): Promise<Machine> {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-docs-'));
    await mkdir(join(folder, 'layers'));
    const own = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const first = spawn('unshare', [...own, join(HERE, 'machine.sh'), folder], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    const machine = new Machine(folder, first);
    t.teardown(() => machine.#stop());
    await eventually('its Engine answers', () => machine.succeed('docker version'));
    return machine;
  }

  /** Starts a bash script in it. Whoever starts it ends its group of processes. */
  spawn(script: string): ChildProcess {
    const inside = ['--target', String(this.#pid()), '--net', '--mount', '--pid'];
    // A shell whose input is a socket takes itself for a remote one, and reads what is only for people.
    return spawn('nsenter', [...inside, 'bash', '--norc', '-c', script], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: this.#environment(),
    });
  }

  /** Runs a script to its end; after the time it is ended. */
  async run(script: string, timeoutMs = 120_000): Promise<Ran> {
    const child = this.spawn(script);
    child.stdin?.end();
    const output = collect(child);
    const timer = setTimeout(() => killGroup(child), timeoutMs);
    const [status] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    return { output: output(), status };
  }

  /** Runs one that must end well, and answers what it printed. */
  async succeed(script: string): Promise<string> {
    const { output, status } = await this.run(script);
    if (status !== 0) throw new Error(`${script} ended with ${status}: ${output}`);
    return output;
  }

  /** Brings an image of the machine's own Engine into this one. */
  async carry(image: string, name: string): Promise<void> {
    const save = spawn('docker', ['save', image], { stdio: ['ignore', 'pipe', 'inherit'] });
    const load = this.spawn('docker load');
    const output = collect(load);
    save.stdout.pipe(load.stdin as NodeJS.WritableStream);
    const [status] = (await once(load, 'close')) as [number | null];
    if (status !== 0) throw new Error(`docker load: ${output()}`);
    await this.succeed(`docker tag ${image} ${name}`);
  }

  /** Makes an image of a folder. */
  async importRoot(root: string, tag: string, changes: readonly string[]): Promise<void> {
    const options = changes.map((change) => `--change '${change}'`).join(' ');
    await this.succeed(`tar -C ${root} -c . | docker import ${options} - ${tag}`);
  }

  /** Removes what a page has left. */
  async clean(): Promise<void> {
    await this.run('docker ps -aq | xargs -r docker rm -f -v');
    await this.run('docker network prune -f; docker volume prune -f; rm -rf /etc/fairlead');
  }

  /** The first process of the machine, a child of unshare. */
  #pid(): number {
    const text = readFileSync(`/proc/${this.#first.pid}/task/${this.#first.pid}/children`, 'utf8');
    const pid = Number.parseInt(text, 10);
    if (Number.isNaN(pid)) throw new Error('the machine has ended');
    return pid;
  }

  #environment(): NodeJS.ProcessEnv {
    const { PATH = '' } = process.env;
    // The checkout's own `fairlead` comes last, behind one that a page installs.
    const programs = [join(HERE, 'bin'), dirname(process.execPath), PATH, join(HERE, 'bin/last')];
    return {
      PATH: programs.join(':'),
      HOME: homedir(),
      LANG: 'C.UTF-8',
      DOCS_PROJECT: PROJECT,
      DOCS_IMAGE: FAIRLEAD_IMAGE,
      DOCS_DOCKER: programOf('docker'),
      CURL_HOME: join(HERE, 'bin'),
      npm_config_offline: 'true',
      npm_config_prefix: '/usr/local',
      npm_config_update_notifier: 'false',
    };
  }

  async #stop(): Promise<void> {
    await this.clean();
    const closed = once(this.#first, 'close');
    this.#first.kill('SIGKILL');
    await closed;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** Where a program of this machine is; undefined when there is none. */
export function programOf(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':');
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Gathers what a process prints; answers how to ask for it. */
export function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  return () => text;
}

/** Ends a process and all that it has started. */
export function killGroup(child: ChildProcess): void {
  try {
    process.kill(-(child.pid as number), 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
