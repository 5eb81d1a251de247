// What the pages say that can be told without running it. The tests beside this one run their commands.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { envOf, OPTION_KEYS } from '../../src/config/options.ts';
import { KEYS } from '../../src/model/keys/key-table.ts';
import { consoleCommands, LIVE_LANGUAGES, parsePage } from './page.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync(['docs/*.md', 'docs/recipes/*.md', 'docs/decisions/*.md'], { cwd: PROJECT }),
];
/** Those whose commands are run. */
const RUN = PAGES.filter((page) => page !== 'CONTRIBUTING.md' && !page.startsWith('docs/decisions/'));
const read = (page: string) => readFileSync(join(PROJECT, page), 'utf8');

/** The anchors that GitHub makes of the headings of a page. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+\s+(.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

t.test('links between the pages lead to a file, and to a heading of it', async (t) => {
  for (const page of PAGES)
    for (const [, path = '', anchor] of read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)]+))?\)/g)) {
      const target = path === '' ? page : join(dirname(page), path);
      t.ok(existsSync(join(PROJECT, target)), `${page} → ${target}`);
      if (anchor !== undefined && target.endsWith('.md'))
        t.ok(anchorsOf(read(target)).has(anchor), `${page} → ${target}#${anchor}`);
    }
});

t.test('every page of docs is in its index', async (t) => {
  const index = read('docs/README.md');
  for (const page of PAGES)
    if (/^docs\/(?!README|decisions)/.test(page))
      t.ok(index.includes(`](${page.slice('docs/'.length)})`), page);
});

t.test('every block of the pages is run, or says why it is not', async (t) => {
  for (const name of RUN) {
    const { blocks, errors } = parsePage(read(name));
    t.same(errors, [], name);
    for (const { line, language, text, skip } of blocks) {
      if (language === 'console' && skip === undefined)
        t.doesNotThrow(() => consoleCommands(text), `${name}:${line}`);
      t.ok(
        language === '' || LIVE_LANGUAGES.has(language) || KNOWN.has(language),
        `${name}:${line} ${language}`,
      );
    }
  }
});

/** Languages of blocks that no test runs unless they are written to a file. */
const KNOWN = new Set(['text', 'caddyfile', 'haproxy', 'nginx', 'ini', 'json', 'dockerfile', 'html', 'diff']);

t.test('labels, options and variables that the pages name are there', async (t) => {
  const variables = new Set([...OPTION_KEYS.map(envOf), 'FAIRLEAD_CONFIG', 'FAIRLEAD_IMAGE']);
  for (const page of RUN) {
    const text = read(page);
    for (const [name, key = ''] of text.matchAll(
      /(?<![\w./-])fairlead\.([a-z][a-z-]*(?:\.[a-zA-Z][\w-]*)*)(?=[=:`'"\s])/g,
    ))
      t.ok(isKey(key) || FILES.has(key), `${page}: ${name}`);
    for (const [name] of text.matchAll(/\bFAIRLEAD_[A-Z_]*[A-Z]\b/g))
      t.ok(variables.has(name), `${page}: ${name}`);
  }
});

/** What follows `fairlead.` in the names of files. */
const FILES = new Set(['yaml', 'service', 'example.yaml', 'localhost', 'json', 'bash', 'fish']);

function isKey(key: string): boolean {
  return KEYS.has(key) || KEYS.has(key.replace(/^services\.[\w-]+\./, '')) || key === 'services.NAME.KEY';
}

t.test('scripts of the package that the pages name are there', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const page of [...RUN, 'CONTRIBUTING.md'])
    for (const [, name = ''] of read(page).matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g))
      t.ok(name in scripts, `${page}: npm run ${name}`);
});

t.test('the table of dependencies in the README is that of package.json', async (t) => {
  const [, table = ''] = read('README.md').split('\n## Dependencies\n');
  const rows = table.split('\n## ')[0]?.matchAll(/^\| (.+?) \|/gm) ?? [];
  const named = [...rows].flatMap(([, packages = '']) =>
    [...packages.matchAll(/\[([^\]]+)\]\(/g)].map(([, name]) => name),
  );
  const { dependencies = {}, devDependencies } = JSON.parse(read('package.json')) as {
    dependencies?: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const all = Object.keys({ ...dependencies, ...devDependencies });
  t.same(
    named.toSorted(),
    all.filter((name) => !name.startsWith('@types/')).sort(),
    'each has a row, and no other has one',
  );
});

t.test('a page is read into blocks, with what the comments above them say', async (t) => {
  const page = parsePage(
    [
      '<!-- test: checkout -->',
      '<!-- test: file=a b.yaml -->',
      '<!-- test: exit=2 -->',
      '```yaml',
      'a: 1',
      '```',
      '- in a list',
      '',
      '  ```sh',
      '  ls \\',
      '    -l',
      '  ```',
      '<!-- test: sikp=no -->',
      '<!-- test: skip=no -->',
      'no block',
    ].join('\n'),
  );
  t.strictSame(page, {
    checkout: true,
    blocks: [
      {
        background: false,
        stop: false,
        exit: 2,
        file: 'a b.yaml',
        line: 4,
        language: 'yaml',
        text: 'a: 1\n',
      },
      { background: false, stop: false, exit: 0, line: 9, language: 'sh', text: 'ls \\\n  -l\n' },
    ],
    errors: ['line 13: "sikp=no" is no word of the tests', 'line 15: no block follows the comment above'],
  });
  t.strictSame(parsePage('```sh\nls').errors, ['line 1: this block has no end']);
});

t.test('a console block is commands, each with what it prints', async (t) => {
  const [list, long, plain] = consoleCommands('$ list\na … c.\n…\nz\n$ long \\\n  one\n$ plain\n');
  t.equal(list?.command, 'list');
  t.match('a b c.\nz\n', list?.output);
  t.match('a b c.\r\nd\r\n\r\nz\n', list?.output, 'with the line ends of HTTP, too');
  t.notMatch('a b cd\nz\n', list?.output);
  t.notMatch('a b c.\nz\ny\n', list?.output);
  t.strictSame([long?.command, long?.output, plain?.output], ['long \\\n  one', undefined, undefined]);
  t.throws(() => consoleCommands('list\n'), /begins with/);
});
