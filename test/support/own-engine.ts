import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { eventually } from './eventually.ts';

const execute = promisify(execFile);

/** A Docker Engine of a test's own, beside the one of the machine, so that it can be stopped and started. */
export interface OwnEngine {
  /** `unix:///…` */
  readonly endpoint: string;
  docker(...args: string[]): Promise<string>;
  start(): Promise<void>;
  /** Stops the daemon; its containers live on. */
  stop(): Promise<void>;
}

/** Starts an Engine with its own folders and bridge, which are gone at the end of the test. Needs root. */
export async function startOwnEngine(t: Test): Promise<OwnEngine> {
  const id = randomBytes(2).toString('hex');
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-engine-'));
  // A container's user must be able to reach the socket in it.
  await chmod(folder, 0o755);
  const socket = join(folder, 'docker.sock');
  const bridge = `fl${id}`;
  const subnet = `10.${200 + (Number.parseInt(id.slice(0, 2), 16) % 50)}.${Number.parseInt(id.slice(2), 16)}`;
  await execute('ip', ['link', 'add', bridge, 'type', 'bridge']);
  await execute('ip', ['addr', 'add', `${subnet}.1/24`, 'dev', bridge]);
  await execute('ip', ['link', 'set', bridge, 'up']);
  // The machine's own Engine forbids what it does not know to be forwarded, even within one bridge.
  const forward = ['FORWARD', '-i', bridge, '-o', bridge, '-j', 'ACCEPT'];
  await execute('iptables', ['-I', ...forward]);
  let daemon: ChildProcess | undefined;

  const docker = async (...args: string[]) => {
    const { stdout } = await execute('docker', ['-H', `unix://${socket}`, ...args], { maxBuffer: 1024 ** 2 });
    return stdout.trim();
  };
  const start = async () => {
    daemon = spawn('dockerd', daemonFlags(folder, socket, bridge, id), { stdio: 'ignore' });
    await eventually('the daemon answers', () => docker('version').then(() => true));
  };
  const stop = () =>
    new Promise<void>((resolve) => {
      if (daemon === undefined || daemon.exitCode !== null) return resolve();
      daemon.once('exit', () => resolve());
      daemon.kill('SIGTERM');
    });
  t.teardown(async () => {
    const running = await docker('ps', '-aq').catch(() => '');
    if (running !== '') await docker('rm', '-f', ...running.split('\n')).catch(() => {});
    await stop();
    await execute('iptables', ['-D', ...forward]).catch(() => {});
    await execute('ip', ['link', 'del', bridge]).catch(() => {});
    // The daemon mounts its folder onto itself, and leaves it so when its containers are to live on.
    await execute('umount', [join(folder, 'data')]).catch(() => {});
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  });
  await start();
  return { endpoint: `unix://${socket}`, docker, start, stop };
}

function daemonFlags(folder: string, socket: string, bridge: string, id: string): string[] {
  return [
    ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
    ...['--pidfile', join(folder, 'docker.pid'), '-H', `unix://${socket}`],
    // The machine's own Engine keeps its rules: containers are reached from the host without any.
    ...['--bridge', bridge, '--iptables=false', '--ip6tables=false', '--live-restore'],
    ...['--containerd-namespace', `fl-${id}`, '--containerd-plugins-namespace', `fl-plugins-${id}`],
  ];
}
