// What npm runs after it has installed the packages of a clone: sees to a Node.js that runs here, and builds dist/.
// JavaScript of Node.js 20, which may be all that there is so far.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The oldest that Fairlead runs on, which needs fewer libraries than newer ones. */
const OLDEST = 24;
const MODULES = join(import.meta.dirname, '../node_modules');
const PINNED = join(MODULES, 'node/bin/node');

// Without development packages, or without install scripts, there is nothing to see to.
if (existsSync(PINNED) && existsSync(join(MODULES, 'esbuild'))) {
  const failure = whyNot(PINNED);
  if (failure !== undefined) replacePinned(failure);
  const { status } = spawnSync(PINNED, [join(import.meta.dirname, 'build.ts')], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

/**
 * Why a program does not start here; undefined if it does.
 * @param {string} program
 */
function whyNot(program) {
  const { status, stderr, error } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/**
 * Puts another Node.js in the place of the one that came with the packages.
 * @param {string} failure why that one does not run
 */
function replacePinned(failure) {
  const other = Number(process.versions.node.split('.')[0]) >= OLDEST ? useOwn() : fetchOldest();
  const isLibrary = failure.includes('libatomic');
  const cure = isLibrary
    ? ['To run that one: apt-get install libatomic1 (dnf install libatomic), then npm ci.']
    : [];
  if (other === undefined) {
    const need = isLibrary ? [] : [`Install Node.js ${OLDEST} or newer by other means, then npm ci.`];
    say(`The Node.js of node_modules does not run here: ${failure}`, ...cure, ...need);
    process.exit(1);
  }
  say(
    `The Node.js of node_modules does not run here: ${failure}`,
    `The scripts use ${other} instead.`,
    ...cure,
  );
}

/** The one that runs npm. */
function useOwn() {
  rmSync(PINNED);
  symlinkSync(process.execPath, PINNED);
  return `Node.js ${process.version} (${process.execPath})`;
}

/** The oldest that will do, from the registry. Undefined when it cannot be had or does not run either. */
function fetchOldest() {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-node-'));
  try {
    const npm = process.env['npm_execpath'] ?? '';
    const args = [npm, 'install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund'];
    spawnSync(process.execPath, [...args, `${name}@${OLDEST}`], { cwd: folder, stdio: 'ignore' });
    const program = join(folder, 'node_modules', name, 'bin/node');
    if (!existsSync(program) || whyNot(program) !== undefined) return undefined;
    rmSync(PINNED);
    copyFileSync(program, PINNED);
    return `Node.js ${spawnSync(PINNED, ['--version'], { encoding: 'utf8' }).stdout.trim()}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string[]} lines */
function say(...lines) {
  for (const line of lines) console.error(`fairlead: ${line}`);
}
