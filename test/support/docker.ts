import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Test } from 'tap';

const execute = promisify(execFile);
const APP = fileURLToPath(new URL('container/app.mjs', import.meta.url));
const WS = fileURLToPath(new URL('../../node_modules/ws', import.meta.url));

/** Runs a docker command, and answers what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await execute('docker', args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/**
 * The image of the test application, or undefined when there is no Engine, which is then said. Where CI is set
 * a missing Engine is an error: these tests must not vanish unseen.
 */
export async function testImage(t: Test): Promise<string | undefined> {
  try {
    await docker('version', '--format', '{{.Server.Version}}');
  } catch (error) {
    if (process.env['CI'] === 'true') throw new Error('CI needs a Docker Engine', { cause: error });
    t.comment('skipped: no Docker Engine answers on this machine');
    return undefined;
  }
  return testAppImage();
}

/** The tag of the test application's image, which is built when there is none of this content. */
export async function testAppImage(): Promise<string> {
  const tag = `fairlead-test-app:${await contentHash()}`;
  const exists = await docker('image', 'inspect', tag).then(
    () => true,
    () => false,
  );
  if (!exists) await buildImage(tag);
  return tag;
}

async function contentHash(): Promise<string> {
  const hash = createHash('sha256')
    .update(process.version)
    .update(await readFile(APP))
    .update('2');
  return hash.digest('hex').slice(0, 12);
}

/**
 * An image of what is here already, since nothing may be pulled: the runtime that runs this, its libraries, a
 * shell for health checks, and the application.
 */
async function buildImage(tag: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'fairlead-image-'));
  try {
    await addExecutable(root, process.execPath, '/usr/bin/node');
    await addExecutable(root, '/bin/sh', '/bin/sh');
    await mkdir(join(root, 'app/node_modules'), { recursive: true });
    await mkdir(join(root, 'tmp'), { recursive: true });
    await cp(APP, join(root, 'app/app.mjs'));
    await cp(WS, join(root, 'app/node_modules/ws'), { recursive: true });
    await importRoot(root, tag, [
      'CMD ["/usr/bin/node","/app/app.mjs"]',
      'EXPOSE 8080',
      'ENV PATH=/usr/bin:/bin',
    ]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Copies a program and the libraries that it is linked with. */
export async function addExecutable(root: string, from: string, to: string): Promise<void> {
  const { stdout } = await execute('ldd', [from]).catch(() => ({ stdout: '' }));
  const libraries = [...stdout.matchAll(/(\/\S+)\s+\(0x/g)].map((match) => match[1] as string);
  for (const [source, target] of [[from, to], ...libraries.map((library) => [library, library])]) {
    if (source === undefined || target === undefined || existsSync(join(root, target))) continue;
    await mkdir(join(root, dirname(target)), { recursive: true });
    await cp(source, join(root, target), { dereference: true });
  }
}

/** Makes an image of a folder. Under another name first: two test files may make the same one. */
export async function importRoot(root: string, tag: string, changes: readonly string[]): Promise<void> {
  const archive = `${root}.tar`;
  await execute('tar', ['-C', root, '-cf', archive, '.']);
  try {
    await docker('import', ...changes.flatMap((change) => ['--change', change]), archive, tag);
  } finally {
    await rm(archive, { force: true });
  }
}

export interface RunOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Further arguments of `docker run`. */
  readonly args?: readonly string[];
  readonly name?: string;
}

/** A name that no other test has. */
export function uniqueName(prefix: string): string {
  return `fl-${prefix}-${randomBytes(4).toString('hex')}`;
}

/** Starts a container, which is removed at the end of the test. Answers its name, which the application says too. */
export async function runContainer(t: Test, image: string, options: RunOptions = {}): Promise<string> {
  const { labels = {}, env = {}, args = [], name = uniqueName('c') } = options;
  t.teardown(() => docker('rm', '-f', name).catch(() => {}));
  const labelArgs = Object.entries(labels).flatMap(([key, value]) => ['-l', `${key}=${value}`]);
  const envArgs = Object.entries({ NAME: name, ...env }).flatMap(([key, value]) => ['-e', `${key}=${value}`]);
  await docker('run', '-d', '--name', name, ...labelArgs, ...envArgs, ...args, image);
  return name;
}

/** A network of its own, removed at the end of the test. */
export async function makeNetwork(t: Test): Promise<string> {
  const name = uniqueName('net');
  await docker('network', 'create', name);
  t.teardown(() => docker('network', 'rm', name).catch(() => {}));
  return name;
}
