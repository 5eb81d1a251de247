import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { docker } from '../../support/docker.ts';
import { fileOfPage } from './page.ts';

const execute = promisify(execFile);
const FOLDER = fileURLToPath(new URL('../standins', import.meta.url));
const BASE = 'recipes-debian';

/**
 * The image that stands in for a public one: the same program from Debian, npm or PyPI, with the port, the folders
 * and the variables of the public one. Made when there is none; remove it to have it made anew.
 */
export async function standIn(name: string): Promise<string> {
  const tag = `recipes-${name}`;
  if (await exists(tag)) return tag;
  if (name === 'debian') await importDebian();
  else if (name === 'node') await buildNode();
  else if (name === 'files') await buildFiles();
  else await build(tag, join(FOLDER, name));
  return tag;
}

function exists(tag: string): Promise<boolean> {
  return docker('image', 'inspect', tag).then(
    () => true,
    () => false,
  );
}

async function build(tag: string, context: string): Promise<void> {
  await standIn('debian');
  if (/^FROM recipes-node$/m.test(await dockerfile(context))) await standIn('node');
  await docker('build', '-q', '--network', 'host', '-t', tag, context);
}

async function dockerfile(context: string): Promise<string> {
  return (await execute('cat', [join(context, 'Dockerfile')])).stdout;
}

/** A small Debian of this machine's mirrors, which trusts the authorities that this machine trusts. */
async function importDebian(): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'recipes-'));
  try {
    const args = ['--variant=minbase', '--include=ca-certificates,curl', 'bookworm', root];
    await execute('debootstrap', [...args, 'http://deb.debian.org/debian'], { maxBuffer: 2 ** 26 });
    const bundle = 'etc/ssl/certs/ca-certificates.crt';
    await cp(`/${bundle}`, join(root, bundle), { dereference: true });
    const archive = `${root}.tar`;
    await execute('tar', ['-C', root, '-cf', archive, '.']);
    await docker('import', '--change', 'ENV DEBIAN_FRONTEND=noninteractive', archive, `${BASE}-bare`);
    await rm(archive);
    await withContext({ Dockerfile: `FROM ${BASE}-bare\nRUN apt-get update -qq\n` }, (context) =>
      docker('build', '-q', '--network', 'host', '-t', BASE, context),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Debian with the Node.js and the npm that run this. */
async function buildNode(): Promise<void> {
  await standIn('debian');
  const { stdout } = await execute('npm', ['root', '-g']);
  await withContext({ Dockerfile: await dockerfile(join(FOLDER, 'node')) }, async (context) => {
    await mkdir(join(context, 'bin'));
    await cp(process.execPath, join(context, 'bin/node'), { dereference: true });
    await cp(join(stdout.trim(), 'npm'), join(context, 'npm'), { recursive: true, dereference: true });
    await docker('build', '-q', '--network', 'host', '-t', 'recipes-node', context);
  });
}

/** The image that the page itself says how to build. */
async function buildFiles(): Promise<void> {
  await standIn('debian');
  const files = {
    Dockerfile: fileOfPage('Dockerfile').replace('FROM debian:12-slim', `FROM ${BASE}`),
    'files.conf': fileOfPage('files.conf'),
  };
  await withContext(files, (context) =>
    docker('build', '-q', '--network', 'host', '-t', 'recipes-files', context),
  );
}

async function withContext(
  files: Readonly<Record<string, string>>,
  use: (context: string) => Promise<unknown>,
): Promise<void> {
  const context = await mkdtemp(join(tmpdir(), 'recipes-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(context, name), text);
    await use(context);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}
