// What npm ci does where the Node.js that comes with the packages does not run.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';

const PREPARE = readFileSync(new URL('../../tools/prepare.js', import.meta.url), 'utf8');
const MISSING = 'error while loading shared libraries: libatomic.so.1: cannot open shared object file';

/** A clone after npm has installed a Node.js that does not run, and a registry that has another. */
function makeClone(t: Test) {
  const folder = t.testdir({
    'package.json': '{ "type": "module" }',
    tools: {
      'prepare.js': PREPARE,
      'build.ts': 'import { writeFileSync } from "node:fs"; writeFileSync("built", process.version);',
    },
    node_modules: { esbuild: {}, node: { bin: { node: `#!/bin/sh\necho '${MISSING}' >&2; exit 127\n` } } },
    // Called as npm install --prefix FOLDER … NAME@24.
    'npm.cjs': `
      const { mkdirSync, symlinkSync } = require('node:fs');
      const args = process.argv.slice(2);
      const [name, version] = args.at(-1).split('@');
      if (version !== '24' || !name.startsWith('node-' + process.platform)) process.exit(1);
      const bin = args[args.indexOf('--prefix') + 1] + '/node_modules/' + name + '/bin';
      mkdirSync(bin, { recursive: true });
      symlinkSync(${JSON.stringify(process.execPath)}, bin + '/node');`,
  });
  const pinned = join(folder, 'node_modules/node/bin/node');
  chmodSync(pinned, 0o755);
  const prepare = (node: readonly string[], npm = 'npm.cjs') =>
    spawnSync(process.execPath, [...node, join(folder, 'tools/prepare.js')], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], npm_execpath: join(folder, npm) },
    });
  return { folder, pinned, prepare };
}

const versions = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })`;
const AS_20 = ['--import', `data:text/javascript,${encodeURIComponent(versions)}`];

t.test('the Node.js that runs npm serves the scripts if it is new enough', async (t) => {
  const { folder, pinned, prepare } = makeClone(t);
  const { status, stderr } = prepare([]);
  t.equal(status, 0, stderr);
  t.equal(realpathSync(pinned), realpathSync(process.execPath));
  t.match(stderr, MISSING);
  t.match(stderr, 'apt-get install libatomic1');
  t.ok(existsSync(join(folder, 'built')));
});

t.test('else one that needs less is fetched, and what would mend it is told', async (t) => {
  const { pinned, prepare } = makeClone(t);
  const { status, stderr } = prepare(AS_20);
  t.equal(status, 0, stderr);
  t.match(stderr, `The scripts use Node.js ${process.version} instead.`);
  t.match(stderr, 'apt-get install libatomic1');
  t.equal(spawnSync(pinned, ['--version'], { encoding: 'utf8' }).stdout.trim(), process.version);
});

t.test('where none can be had, npm ci fails with the cure', async (t) => {
  const { folder, prepare } = makeClone(t);
  const { status, stderr } = prepare(AS_20, 'nothing.cjs');
  t.equal(status, 1);
  t.match(stderr, MISSING);
  t.match(stderr, 'apt-get install libatomic1');
  t.notOk(existsSync(join(folder, 'built')));
});

t.test('nothing but Node.js runs a script when it is installed, which might not run itself', async (t) => {
  const { packages } = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'));
  const scripted = Object.keys(packages).filter((path) => path !== '' && packages[path].hasInstallScript);
  t.strictSame(scripted, ['node_modules/node']);
});
