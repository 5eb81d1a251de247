import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Test } from 'tap';
import { stringify } from 'yaml';
import type { Answer, AskOptions } from '../../support/client.ts';
import { docker } from '../../support/docker.ts';
import { eventually } from '../../support/eventually.ts';
import { startApp, type TestApp } from '../../support/fairlead.ts';
import { type Compose, composeOfPage } from './page.ts';
import { standIn } from './standins.ts';

const execute = promisify(execFile);

/** How long a trial may take, with the making of its images. */
export const TRIAL_MS = 1_800_000;

export interface ProgramOptions {
  /** The block of docs/recipes/programs.md that is run: `NAME.yaml`. */
  readonly name: string;
  /** What stands in for the image of each service. */
  readonly images: Readonly<Record<string, string>>;
  /** The host that its labels claim, and a path that is answered once it serves. */
  readonly host: string;
  readonly path?: string;
  /** Clients that resolve no `*.localhost`, such as npm and the Engine, use this as host, too. */
  readonly alias?: string;
  /** Files beside the Compose file. */
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Further flags of Fairlead. */
  readonly flags?: readonly string[];
  /** How long it may take to start. */
  readonly startMs?: number;
}

export interface Program {
  readonly fairlead: TestApp;
  /** `http://HOST:PORT`, of the host that its labels claim. */
  readonly url: string;
  readonly port: number;
  ask(path: string, options?: AskOptions): Promise<Answer>;
  compose(...args: string[]): Promise<string>;
}

/** Starts what a block of the page says, behind a Fairlead that sees only that. Both are gone at the end of the test. */
export async function startProgram(t: Test, options: ProgramOptions): Promise<Program> {
  const { name, host, path = '/', files = {}, env = {}, flags = [], startMs = 60_000 } = options;
  const project = `recipes-${name}`;
  const folder = await mkdtemp(join(tmpdir(), 'recipes-'));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  await writeFile(join(folder, 'compose.yaml'), stringify(await runnable(options, project)));
  const compose = async (...args: string[]) => {
    const all = ['-p', project, '-f', join(folder, 'compose.yaml'), ...args];
    const { stdout } = await execute('docker-compose', all, { env: { ...process.env, ...env } });
    return stdout.trim();
  };
  const remove = async () => {
    await compose('down', '-v', '-t', '1').catch(() => {});
    await docker('network', 'rm', project).catch(() => {});
  };
  t.teardown(async () => {
    await remove();
    await rm(folder, { recursive: true });
  });
  // A trial that was interrupted leaves things behind.
  await remove();
  await docker('network', 'create', project);
  await compose('up', '-d');
  const fairlead = await startApp(t, '--allow', `project:${project} host:*`, ...flags);
  const { port } = new URL(fairlead.origin);
  const ask = (path: string, rest: AskOptions = {}) =>
    fairlead.ask({ host: `${host}:${port}`, path, ...rest });
  await eventually(
    `${name} serves`,
    async () => {
      const { status } = await ask(path);
      return status < 400 || status === 401;
    },
    startMs,
  );
  return { fairlead, url: `http://${host}:${port}`, port: Number(port), ask, compose };
}

/** The block of the page with the stand-ins of its images, on a network of its own in place of the common one. */
async function runnable({ name, images, alias }: ProgramOptions, network: string): Promise<Compose> {
  const compose = composeOfPage(`${name}.yaml`);
  for (const [service, what] of Object.entries(compose.services)) {
    delete what.build;
    what.image = await standIn(images[service] ?? service);
    const host = what.labels?.['fairlead.host'];
    if (alias !== undefined && host !== undefined)
      what.labels = { ...what.labels, 'fairlead.host': `${host},${alias}` };
  }
  const web = compose.networks['web'];
  if (web !== undefined) web.name = network;
  return compose;
}
