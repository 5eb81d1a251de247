import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { docker, uniqueName } from './docker.ts';
import { eventually } from './eventually.ts';

const execute = promisify(execFile);

/** What Podman gives by default is not always allowed. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];

/** A Podman of a test's own, with the image of Docker's that was named, and its socket. */
export interface Podman {
  /** `unix:///…` */
  readonly endpoint: string;
  podman(...args: string[]): Promise<string>;
  /** Runs a container, and answers its name. */
  run(labels: Readonly<Record<string, string>>, ...args: string[]): Promise<string>;
}

/** Why there is no Podman to test with, or an empty text. */
export async function whyNoPodman(): Promise<string> {
  if (process.getuid?.() !== 0) return 'its networks need root';
  return execute('podman', ['--version']).then(
    () => '',
    () => 'podman is not installed',
  );
}

/** Starts the service of Podman in folders of its own, which are gone at the end of the test with all containers. */
export async function startPodman(t: Test, image: string): Promise<Podman> {
  const folder = await mkdtemp(join(tmpdir(), 'podman-'));
  const own = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run')];
  const podman = async (...args: string[]) => {
    const { stdout } = await execute('podman', [...own, ...args], { maxBuffer: 1024 ** 2 });
    return stdout.trim();
  };
  const socket = `unix://${folder}/podman.sock`;
  const service = spawn('podman', [...own, 'system', 'service', '-t', '0', socket], { stdio: 'ignore' });
  t.teardown(async () => {
    await podman('rm', '-fa', '-t', '0').catch(() => {});
    service.kill('SIGKILL');
    await unmountBelow(folder);
    await rm(folder, { recursive: true, force: true });
  });
  const archive = join(folder, 'image.tar');
  await docker('save', '-o', archive, image);
  await podman('load', '-i', archive);
  await eventually('its service answers', () =>
    execute('curl', ['-sf', '--unix-socket', `${folder}/podman.sock`, 'http://podman/version']).then(
      () => true,
      () => false,
    ),
  );
  return {
    endpoint: socket,
    podman,
    async run(labels, ...args) {
      const name = uniqueName('p');
      const given = Object.entries(labels).flatMap(([key, value]) => ['-l', `${key}=${value}`]);
      const env = ['-e', `NAME=${name}`];
      await podman('run', '-d', '--name', name, ...LIMITS, ...env, ...given, ...args, `localhost/${image}`);
      return name;
    },
  };
}

/** Podman leaves mounts behind. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = (await readFile('/proc/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const mount of mounts.toReversed())
    if (mount.startsWith(`${folder}/`)) await execute('umount', ['-l', mount]).catch(() => {});
}
