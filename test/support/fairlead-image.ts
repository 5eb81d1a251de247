import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { addExecutable, docker, importRoot, uniqueName } from './docker.ts';
import { eventually } from './eventually.ts';
import { type FairleadEngine, makeFairlead, type TestFairlead } from './fairlead.ts';

const execute = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const DOCKERFILE = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
/** What the Dockerfile builds on. */
const PUBLIC_IMAGE = /^ARG NODE_IMAGE=(\S+)$/m.exec(DOCKERFILE)?.[1] ?? '';
/** What it calls in there, beside Node.js and npm. */
const TOOLS = ['sh', 'env', 'mkdir', 'cp', 'ln', 'sed', 'grep', 'strip'];
const TOKEN = 'a-token-for-the-tests';

/** Builds the project's own Dockerfile, and answers the tag. */
export async function buildFairlead(): Promise<string> {
  const tag = 'fairlead-test:latest';
  const base = (await exists(PUBLIC_IMAGE)) ? PUBLIC_IMAGE : await baseImage();
  // The registry of packages is reached as from here.
  await docker('build', '--network', 'host', '--build-arg', `NODE_IMAGE=${base}`, '-t', tag, PROJECT);
  return tag;
}

function exists(image: string): Promise<boolean> {
  return docker('image', 'inspect', image).then(
    () => true,
    () => false,
  );
}

/** Where no image can be pulled: one with the runtime, npm and a shell of this machine in the usual places. */
async function baseImage(): Promise<string> {
  const hash = createHash('sha256').update(process.version).update('base 2').digest('hex').slice(0, 12);
  const tag = `fairlead-test-base:${hash}`;
  if (await exists(tag)) return tag;
  const root = await mkdtemp(join(tmpdir(), 'fairlead-base-'));
  try {
    for (const tool of TOOLS) await addExecutable(root, await pathOf(tool), `/usr/bin/${tool}`);
    await symlink('usr/bin', join(root, 'bin'));
    await addExecutable(root, process.execPath, '/usr/local/bin/node');
    const npm = await npmFolder();
    await cp(npm, join(root, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
    await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
    await mkdir(join(root, 'tmp'), { recursive: true });
    const changes = ['ENV PATH=/usr/local/bin:/usr/bin:/bin', ...(await certificates(root))];
    await importRoot(root, tag, changes);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return tag;
}

async function pathOf(tool: string): Promise<string> {
  const { stdout } = await execute('sh', ['-c', 'command -v "$0"', tool]);
  return stdout.trim();
}

async function npmFolder(): Promise<string> {
  const script = process.env['npm_execpath'];
  if (script !== undefined) return dirname(dirname(script));
  const { stdout } = await execute('npm', ['root', '-g']);
  return join(stdout.trim(), 'npm');
}

/** The authorities that this machine trusts, for a registry behind one of its own. */
async function certificates(root: string): Promise<string[]> {
  const bundle = process.env['NODE_EXTRA_CA_CERTS'];
  if (bundle === undefined || !(await stat(bundle).catch(() => undefined))) return [];
  const target = '/etc/ssl/certs/ca-certificates.crt';
  await mkdir(join(root, dirname(target)), { recursive: true });
  await cp(bundle, join(root, target), { dereference: true });
  return [`ENV NODE_EXTRA_CA_CERTS=${target}`];
}

/** Runs the image with the rights of the README's command: no root, and the socket's group. */
export async function startContainer(t: Test, image: string, engine?: FairleadEngine): Promise<TestFairlead> {
  const run = engine?.docker ?? docker;
  const socket = (engine?.endpoint ?? 'unix:///var/run/docker.sock').slice('unix://'.length);
  const { gid } = await stat(socket);
  const name = uniqueName('fairlead');
  t.teardown(() => run('rm', '-f', '-v', name).catch(() => {}));
  await run(
    ...[
      'run',
      '-d',
      '--name',
      name,
      '--read-only',
      '--cap-drop',
      'ALL',
      '--security-opt',
      'no-new-privileges',
    ],
    // The folder, not the socket: a daemon that starts again makes a new one.
    ...['-v', `${dirname(socket)}:/engine:ro`, '--group-add', String(gid)],
    ...['-e', `FAIRLEAD_DOCKER=unix:///engine/${socket.slice(dirname(socket).length + 1)}`],
    ...['-e', 'FAIRLEAD_ADMIN=:9900', '-e', `FAIRLEAD_ADMIN_TOKEN=${TOKEN}`, image],
  );
  const address = await run(
    'inspect',
    '-f',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
    name,
  );
  const fairlead = makeFairlead(`http://${address}`, `http://${address}:9900`, TOKEN);
  await eventually('it listens and hears of Docker', async () =>
    (await fairlead.state()).sources.every((source) => source.connected),
  );
  return fairlead;
}
