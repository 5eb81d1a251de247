// A release is made by a workflow that runs nowhere but at its host: what of it can be tried here is.
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const FILES = globSync('.github/workflows/*.yml', { cwd: PROJECT });
const { version } = JSON.parse(read('package.json'));

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly uses?: string;
}
interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}
const workflows: [string, Workflow][] = FILES.map((file) => [file, parse(read(file))]);
const steps = workflows.flatMap(([, { jobs }]) => Object.values(jobs).flatMap((job) => job.steps));
const runs = steps.flatMap(({ run }) => run ?? []);

t.test('every script of a workflow is one that bash understands', async (t) => {
  t.ok(runs.length >= 6, 'they were found');
  for (const run of runs) {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: run, encoding: 'utf8' });
    t.strictSame([status, stderr], [0, ''], run.slice(0, 60));
  }
});

t.test('nothing of an event is pasted into a script', async (t) => {
  for (const run of runs) t.notMatch(run, /\$\{\{/, 'a name of a branch or tag would be run as a command');
});

t.test('foreign actions are pinned to a commit, and say which version that is', async (t) => {
  const lines = FILES.flatMap((file) => read(file).match(/uses: .*/g) ?? []);
  t.ok(lines.length > 5);
  for (const line of lines) t.match(line, /^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

t.test('a job may write only what it publishes', async (t) => {
  for (const [file, { permissions }] of workflows) t.strictSame(permissions, { contents: 'read' }, file);
  const release = workflows.find(([file]) => file.endsWith('release.yml'))?.[1];
  const may = Object.entries(release?.jobs ?? {}).map(([name, job]) => [name, job.permissions]);
  t.strictSame(Object.fromEntries(may), {
    test: undefined,
    image: { contents: 'read', packages: 'write' },
    package: { contents: 'read', 'id-token': 'write' },
    notes: { contents: 'write' },
  });
});

t.test('the names of the image are those of the version, and a candidate is nobody’s latest', async (t) => {
  const run = steps.find(({ name }) => name === 'Names of the image')?.run ?? '';
  const namesOf = (ref: string) => {
    const file = join(t.testdir(), 'output');
    const env = { REGISTRY: 'registry.test', GITHUB_REPOSITORY: 'Some/Fairlead', GITHUB_REF_NAME: ref };
    spawnSync('bash', ['-euo', 'pipefail', '-c', run], { env: { ...env, GITHUB_OUTPUT: file } });
    return readFileSync(file, 'utf8').trim().split('\n');
  };
  const image = 'registry.test/some/fairlead';
  t.strictSame(namesOf('v1.2.3'), ['version=1.2.3', `tags=${image}:1.2.3,${image}:1.2,${image}:latest`]);
  t.strictSame(namesOf('v1.2.3-rc.1'), ['version=1.2.3-rc.1', `tags=${image}:1.2.3-rc.1`]);
});

t.test('the tag, the package and the changelog must speak of one version', async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, 'tools'));
  writeFileSync(join(folder, 'tools/release-notes.ts'), read('tools/release-notes.ts'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '1.2.3', type: 'module' }));
  const notes = (changelog: string, tag = 'v1.2.3') => {
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog);
    const args = [join(folder, 'tools/release-notes.ts'), tag];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    return status === 0 ? stdout : stderr;
  };
  const log = '# Changelog\n\n## [1.2.3] - 2026-11-27\n\n- New\n\n## [1.2.2] - 2026-11-01\n\n- Old\n';
  t.equal(notes(log), '- New\n');
  t.equal(notes(log, 'v1.2.4'), 'error: the tag is v1.2.4, package.json says 1.2.3\n');
  t.match(
    notes(log.replace('1.2.3', '1.2.4')),
    'error: CHANGELOG.md has no heading "## [1.2.3] - YYYY-MM-DD"',
  );
  t.match(notes(log.replace('- New', '')), 'says nothing of 1.2.3');
});

t.test('of this tree', async (t) => {
  t.match(read('CHANGELOG.md'), /^## \[Unreleased\]$/m, 'the changelog has a place for what comes');
  const lock = JSON.parse(read('package-lock.json'));
  t.equal(lock.version, version);
  t.equal(
    /NODE_IMAGE=node:([\d.]+)-\S+@sha256:[0-9a-f]{64}$/m.exec(read('Dockerfile'))?.[1]?.split('.')[0],
    lock.packages['node_modules/node'].version.split('.')[0],
    'the image has the Node.js that the tests run on',
  );
});

for (const [program, args] of [
  ['actionlint', FILES],
  ['shellcheck', ['-s', 'bash', '-']],
] as const) {
  const isHere = spawnSync(program, ['--version']).status === 0;
  t.test(`${program} finds nothing`, { skip: !isHere && `${program} is not installed` }, async (t) => {
    for (const input of program === 'actionlint' ? [''] : runs) {
      const { status, stdout } = spawnSync(program, [...args], { cwd: PROJECT, input, encoding: 'utf8' });
      t.strictSame([status, stdout], [0, '']);
    }
  });
}
