import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { delimiter, join } from 'node:path';
import t from 'tap';
import { runCli } from './support/cli.ts';

const SOURCE = readFileSync(new URL('../src/main.ts', import.meta.url), 'utf8');
const NEEDED = 24;

/** Runs the program on a Node that says that it is of this version. */
function runOn(version: string, args: readonly string[]) {
  const code = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return runCli(args, { node: ['--import', `data:text/javascript,${encodeURIComponent(code)}`] });
}

/** An older Node of this machine, if it has one. */
function findOlderNode(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, 'node'))
    .find((path) => {
      const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
      return status === 0 && Number(/^v(\d+)/.exec(stdout)?.[1]) < NEEDED;
    });
}

t.test('on an older Node the program says what it needs and does nothing', async (t) => {
  for (const version of ['20.19.0', '23.11.1', '8.0.0']) {
    const { code, stdout, stderr } = await runOn(version, ['version']);
    t.equal(code, 1, version);
    t.equal(stdout, '');
    t.match(stderr, 'Fairlead needs Node.js 24 or newer; this is ');
    t.match(stderr, process.execPath, 'and which one it is');
  }
});

t.test('on the oldest Node that is enough, and on newer ones, it runs', async (t) => {
  for (const version of ['24.0.0', '100.0.0']) {
    const { code, stdout, stderr } = await runOn(version, ['version']);
    t.strictSame([code, stderr], [0, ''], version);
    t.match(stdout, 'fairlead ');
  }
});

t.test('nothing is loaded before the version of Node is known', async (t) => {
  t.notMatch(SOURCE, /^import\b(?!\()/m, 'an import statement would come first');
  t.ok(SOURCE.indexOf('process.versions') < SOURCE.indexOf('import('));
});

const older = findOlderNode();
const skip = older === undefined && 'this machine has no older Node';
t.test('a Node that is really older understands the program as far as it must', { skip }, async (t) => {
  const folder = t.testdir({ 'main.mjs': stripTypeScriptTypes(SOURCE) });
  const { status, stderr } = spawnSync(older ?? '', [join(folder, 'main.mjs')], { encoding: 'utf8' });
  t.equal(status, 1);
  t.match(stderr, /^Fairlead needs Node\.js 24 or newer; this is v\d+\.\d+\.\d+ \(/);
});
