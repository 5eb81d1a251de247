import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { parse } from 'yaml';
import { referencePage } from '../docs/reference.ts';
import { parseConfigFile } from '../src/config/config-yaml.ts';
import { loadOptions } from '../src/config/load.ts';
import { parseComposeFile } from '../src/control/discovery/file/compose.ts';
import { parseServicesFile } from '../src/control/discovery/file/services-file.ts';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

t.test('the reference page is what the tables say', async (t) => {
  t.equal(
    readFileSync(join(PROJECT, 'docs/reference.md'), 'utf8'),
    referencePage(),
    'npm run docs writes it',
  );
});

t.test('the example files are valid, and the pages that they name are there', async (t) => {
  const read = (name: string) => readFileSync(join(PROJECT, 'config', name), 'utf8');
  const example = read('fairlead.example.yaml');
  t.same(
    loadOptions({ args: ['--config', 'x'], env: {}, readFile: () => example, parseFile: parseConfigFile })
      .errors,
    [],
  );
  const { services, problems } = parseServicesFile('x', example, 0);
  t.same([...problems, ...services.flatMap((service) => service.problems)], []);
  t.same(parseComposeFile('compose.yaml', read('compose.yaml'), {}), { services: 2, problems: [] });
  for (const [, page = ''] of (example + read('compose.yaml')).matchAll(/page:([\w.-]+)/g))
    t.ok(existsSync(join(PROJECT, 'config/pages', page)), page);
});

interface ComposeFile {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly networks:
          | readonly string[]
          | Readonly<Record<string, { readonly aliases?: readonly string[] } | null>>;
        readonly environment?: Readonly<Record<string, string>>;
        readonly volumes?: readonly string[];
        readonly ports?: readonly string[];
      }
    >
  >;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
}

t.test(
  'in the compose file no service reaches the admin address, and only the filter the socket',
  async (t) => {
    const { services, networks }: ComposeFile = parse(
      readFileSync(join(PROJECT, 'config/compose.yaml'), 'utf8'),
    );
    const { environment, ports, networks: joined = {} } = services['fairlead'] ?? {};
    const [host = '', port] = environment?.['FAIRLEAD_ADMIN']?.split(':') ?? [];
    t.same(
      ports?.filter((one) => one.endsWith(`:${port}`)),
      [`127.0.0.1:${port}:${port}`],
    );
    // It listens where its name leads to, which is on one network.
    const own = Object.entries(joined).filter(([, network]) => network?.aliases?.includes(host));
    t.equal(own.length, 1);
    const [admin = ''] = own[0] ?? [];
    const on = (network: string) =>
      Object.entries(services)
        .filter(([, service]) =>
          [service.networks]
            .flatMap((all) => (Array.isArray(all) ? all : Object.keys(all)))
            .includes(network),
        )
        .map(([name]) => name);
    t.same(on(admin), ['fairlead']);
    t.same(on('socket'), ['fairlead', 'docker-socket']);
    t.equal(networks['socket']?.internal, true);
    t.equal(Object.keys(networks).sort()[0], admin, 'published ports lead to it');
    const withSocket = Object.entries(services).filter(([, { volumes }]) =>
      volumes?.join().includes('docker.sock'),
    );
    t.same(
      withSocket.map(([name]) => name),
      ['docker-socket'],
    );
  },
);

t.test('the compose file has no token that others know, and does not start without one', async (t) => {
  const { services }: ComposeFile = parse(readFileSync(join(PROJECT, 'config/compose.yaml'), 'utf8'));
  const token = services['fairlead']?.environment?.['FAIRLEAD_ADMIN_TOKEN'];
  // What Compose makes an error of when it is unset or empty.
  t.match(token, /^\$\{FAIRLEAD_ADMIN_TOKEN:\?[^}]+\}$/);
});

const readPage = (path: string) => readFileSync(join(PROJECT, path), 'utf8');
const sources = globSync('src/**/*.{ts,js}', { cwd: PROJECT }).map((path) => path.replaceAll('\\', '/'));
const texts = sources.map((path) => readPage(path));
const architecture = readPage('docs/architecture.md');
const vocabulary = readPage('docs/vocabulary.md');

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
    codeIn(readPage(page)).filter((code) => /^[\w./-]+\.(?:ts|js)$/.test(code)),
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
