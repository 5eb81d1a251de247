import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Test } from 'tap';
import { addExecutable } from '../support/docker.ts';
import { buildFairlead } from '../support/fairlead-image.ts';
import { PACKAGED, type Packaged, STAND_INS } from './images.ts';
import { FAIRLEAD_IMAGE, Machine, programOf } from './machine.ts';

const APP = new URL('stand-in.mjs', import.meta.url);

/**
 * A machine with all images that the pages name, or undefined where there cannot be one, which is then said. Where CI is
 * set that is an error: these tests must not vanish unseen.
 */
export async function machineWithImages(t: Test): Promise<Machine | undefined> {
  const missing = whatIsMissing();
  if (missing !== undefined) {
    if (process.env['CI'] === 'true') throw new Error(`CI needs ${missing}`);
    t.comment(`skipped: the commands of the pages need ${missing}`);
    return undefined;
  }
  const [machine, fairlead] = await Promise.all([Machine.start(t), buildFairlead()]);
  await Promise.all([
    machine
      .carry(fairlead, FAIRLEAD_IMAGE)
      .then(() => machine.succeed(`docker tag ${FAIRLEAD_IMAGE} fairlead`)),
    importStandIns(machine),
    importPackaged(machine),
  ]);
  return machine;
}

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'root, for a network and an Engine of their own';
  const programs = ['docker', 'dockerd', 'docker-compose', 'unshare', 'nsenter', 'ip', 'curl', 'git'];
  return programs.find((name) => programOf(name) === undefined);
}

/** One image of the runtime that runs this; each stand-in is that with other settings. */
async function importStandIns(machine: Machine): Promise<void> {
  const root = await mkdtemp(join(machine.folder, 'stand-in-'));
  await addExecutable(root, process.execPath, '/usr/bin/node');
  for (const program of ['/bin/sh', '/usr/bin/curl']) await addExecutable(root, program, program);
  await mkdir(join(root, 'tmp'));
  await cp(APP, join(root, 'stand-in.mjs'));
  const settings = ['ENTRYPOINT ["/usr/bin/node","/stand-in.mjs"]', 'ENV PATH=/usr/bin:/bin'];
  await machine.importRoot(root, 'stand-in', settings);
  const builds = Object.entries(STAND_INS).map(([name, { ports, greeting = '' }]) => {
    const lines = ['FROM stand-in', `ENV PORTS="${ports.join(' ')}" GREETING="${greeting}"`];
    if (ports.length > 0) lines.push(`EXPOSE ${ports.join(' ')}`);
    return `printf '${lines.join('\\n')}\\n' | docker build -q -t ${name} - >/dev/null 2>&1`;
  });
  await machine.succeed(`set -e\n${builds.join('\n')}`);
  await rm(root, { recursive: true });
}

async function importPackaged(machine: Machine): Promise<void> {
  const made = new Map<Packaged, string>();
  for (const [name, image] of Object.entries(PACKAGED)) {
    const other = made.get(image);
    if (other !== undefined) await machine.succeed(`docker tag ${other} ${name}`);
    else if (existsSync(image.program)) await importProgram(machine, name, image);
    else if (process.env['CI'] === 'true') throw new Error(`CI needs ${image.program}`);
    made.set(image, name);
  }
}

async function importProgram(machine: Machine, name: string, image: Packaged): Promise<void> {
  const root = await mkdtemp(join(machine.folder, 'packaged-'));
  await addExecutable(root, image.program, image.program);
  for (const program of ['/bin/sh', '/usr/bin/wget'])
    if (existsSync(program)) await addExecutable(root, program, program);
  for (const folder of ['tmp', 'etc', ...(image.folders ?? [])])
    await mkdir(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(image.files ?? {})) await writeFile(join(root, path), text);
  const settings = [`CMD ${JSON.stringify(image.command)}`, 'ENV PATH=/usr/sbin:/usr/bin:/bin'];
  if (image.ports.length > 0) settings.push(`EXPOSE ${image.ports.join(' ')}`);
  await machine.importRoot(root, name, settings);
  await rm(root, { recursive: true });
}
