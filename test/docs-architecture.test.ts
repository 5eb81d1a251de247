import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const sources = globSync('src/**/*.{ts,js}', { cwd: PROJECT }).map((path) => path.replaceAll('\\', '/'));
const texts = sources.map((path) => read(path));
const architecture = read('docs/architecture.md');
const vocabulary = read('docs/vocabulary.md');

/** What a page says in code: the texts between backticks. */
function codeIn(page: string): string[] {
  return [...page.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** Whether a page may name a file so: by its path, by the end of it, or by a path below src/data or src/control. */
function isFile(path: string): boolean {
  return existsSync(join(PROJECT, path)) || sources.some((source) => source.endsWith(`/${path}`));
}

t.test('every file that the pages on the code name is there', async (t) => {
  const decisions = globSync('docs/decisions/*.md', { cwd: PROJECT });
  const pages = ['docs/architecture.md', 'docs/vocabulary.md', 'CONTRIBUTING.md', ...decisions];
  const named = pages.flatMap((page) =>
    codeIn(read(page)).filter((code) => /^[\w./-]+\.(?:ts|js)$/.test(code)),
  );
  t.ok(named.length > 50, 'there are such');
  t.strictSame(
    named.filter((path) => !isFile(path)),
    [],
  );
});

t.test('every part of src has its line in the table of folders', async (t) => {
  const table = architecture.split('\n').filter((line) => line.startsWith('| `'));
  const cells = table.map((line) => line.split('|')[1] ?? '').flatMap(codeIn);
  const listed = new Set(cells.map((path) => basename(path)));
  const parts = globSync(['src/*', 'src/data/*'], { cwd: PROJECT }).map((path) => basename(path));
  t.ok(parts.length > 25, 'they were found');
  t.strictSame(
    parts.filter((part) => part !== 'data' && !listed.has(part)),
    [],
  );
});

t.test('every type that the vocabulary explains is in the code', async (t) => {
  const first = vocabulary.split('\n').map((line) => /^\| ([^|]+) \|/.exec(line)?.[1] ?? '');
  const types = first.flatMap((words) => words.split(', ')).filter((word) => /^[A-Z]\w+$/.test(word));
  t.ok(types.length > 15, 'there are such');
  const isDeclared = (type: string) =>
    texts.some((text) => new RegExp(`\\b(?:class|interface|type) ${type}\\b`).test(text));
  t.strictSame(
    types.filter((type) => !isDeclared(type)),
    [],
  );
});

t.test('every name in code that the pages on the code explain is in the code', async (t) => {
  const isName = (code: string) => /^[A-Za-z]+[A-Z]\w*(?:\.\w+)?$/.test(code);
  const names = [architecture, vocabulary].flatMap(codeIn).filter(isName);
  t.ok(names.length > 10, 'there are such');
  const isIn = (name: string) => texts.some((text) => new RegExp(`\\b${name}\\b`).test(text));
  t.strictSame(
    names.flatMap((name) => name.split('.')).filter((name) => !isIn(name)),
    [],
  );
});
