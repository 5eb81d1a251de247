import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { filesOf, GROUPS, type Group } from './support/parts.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const NAMES = Object.keys(GROUPS) as Group[];
const find = (patterns: string[]) => globSync(patterns, { cwd: PROJECT }).sort();

t.test('the files that .taprc leaves out are those that a group runs, each in one group', async (t) => {
  const { exclude } = parse(readFileSync(`${PROJECT}/.taprc`, 'utf8')) as { exclude: string[] };
  const left = find(exclude).filter((path) => path.endsWith('.test.ts'));
  t.ok(left.length > 100);
  t.strictSame(
    NAMES.flatMap(filesOf)
      .map((path) => `test/${path}`)
      .sort(),
    left,
  );
});

t.test('each group has a file of its name that runs it', async (t) => {
  t.strictSame(find(['test/parts/*']), NAMES.map((name) => `test/parts/${name}.test.ts`).sort());
  for (const name of NAMES)
    t.match(readFileSync(`${PROJECT}/test/parts/${name}.test.ts`, 'utf8'), `runGroup('${name}')`);
});
