import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { fileURLToPath } from 'node:url';
import t from 'tap';

const ROOT = fileURLToPath(new URL('../src/', import.meta.url));
const MAX_LINES = 300;
const MAX_CLASS_LINES = 200;

/** What each part may import besides itself: folders and files of src. `type X` is for its types only. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  telemetry: ['model'],
  config: ['model', 'nearest.ts', 'yaml-text.ts'],
  control: ['model', 'nearest.ts', 'telemetry', 'yaml-text.ts'],
  data: ['model', 'telemetry'],
  workers: ['model', 'telemetry'],
  admin: ['model', 'telemetry'],
  cli: [
    'app.ts',
    'nearest.ts',
    'shipped.ts',
    'subject.ts',
    'worker-app.ts',
    'version.ts',
    'yaml-text.ts',
    'config',
    'control',
    'model',
    'telemetry',
    'type admin',
  ],
  'main.ts': ['cli'],
  // The composition root joins the parts.
  'app.ts': [
    'admin',
    'admin-view.ts',
    'config',
    'control',
    'data',
    'entrance.ts',
    'model',
    'shipped.ts',
    'subject.ts',
    'telemetry',
    'data-plane-host.ts',
    'worker-app.ts',
  ],
  'admin-view.ts': ['type admin', 'type control', 'type entrance.ts', 'model', 'telemetry', 'version.ts'],
  'data-plane-host.ts': ['type config', 'model', 'telemetry', 'worker-app.ts', 'workers'],
  // The other one, of what a worker process is.
  'worker-app.ts': ['type config', 'data', 'model', 'shipped.ts', 'telemetry', 'workers'],
  'entrance.ts': ['type admin', 'control', 'model', 'telemetry', 'workers'],
  'explain.ts': ['control', 'model'],
  'explain-url.ts': ['data', 'explain.ts', 'model', 'nearest.ts'],
  'subject.ts': ['type control', 'explain.ts', 'explain-url.ts', 'model', 'nearest.ts'],
  'nearest.ts': [],
  'shipped.ts': [],
  'version.ts': [],
  'yaml-text.ts': [],
};

/** What all parts of the data plane stand on. */
const GROUND = ['errors.ts', 'safely.ts', 'sweep.ts'];
const PROTOCOL = [
  ...GROUND,
  'listener',
  'message',
  'proxy',
  'runtime.ts',
  'settings.ts',
  'socket',
  'upstream',
];

/**
 * The layers of src/data, from the top down: what each folder and file there may import besides itself. Those that are not here
 * compose, and may import all.
 */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  // Protocols stand above the life of a request, which knows none of them.
  http1: PROTOCOL,
  connect: PROTOCOL,
  proxy: [
    ...GROUND,
    'balance',
    'listener',
    'message',
    'routing',
    'runtime.ts',
    'settings.ts',
    'socket',
    'upstream',
  ],
  'runtime.ts': ['settings.ts', 'sweep.ts'],
  'settings.ts': ['listener', 'message'],
  listener: [...GROUND, 'message', 'socket'],
  upstream: [...GROUND, 'balance'],
  message: ['errors.ts'],
  socket: GROUND,
  routing: [],
  balance: [],
  'errors.ts': [],
  'safely.ts': [],
  'sweep.ts': [],
};
const COMPOSERS = ['plane.ts', 'connectors.ts', 'live-topology.ts'];

/** What only `data/socket` may import, but for those that ask it about addresses. */
const SOCKETS = new Set(['node:net', 'node:tls']);
const ADDRESSES = new Set([
  'data/connect/sites.ts',
  'data/listener/client-address.ts',
  'data/listener/trust.ts',
]);

/** The codec, which is given bytes and text. */
const TRANSPORTLESS =
  /^data\/(?:message\/.*|http1\/(?:chunked|(?:head|body|request|response)-reader|(?:request|response)-writer))\.ts$/;

interface Import {
  readonly specifier: string;
  readonly isType: boolean;
}

interface SourceFile {
  /** Below src. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** Every import of a text: statements of one or more lines, re-exports and calls. */
function importsOf(text: string): Import[] {
  const statements = text.matchAll(/^(?:import|export)(\s+type\b)?(?:\s+[^;'"]*?\bfrom)?\s+'([^']+)'/gm);
  const calls = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
  return [
    ...[...statements].map(([, type, specifier = '']) => ({ specifier, isType: type !== undefined })),
    ...[...calls].map(([, specifier = '']) => ({ specifier, isType: false })),
  ];
}

/** The folder right below src that a path is in, or the file that lies there. */
function partOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Whether a file may have an import, by the table. */
function isAllowed(path: string, { specifier, isType }: Import): boolean {
  const from = partOf(path);
  if (!specifier.startsWith('.')) return from !== 'model';
  const target = partOf(join(dirname(path), specifier));
  const allowed = ALLOWED[from] ?? [];
  return target === from || allowed.includes(target) || (isType && allowed.includes(`type ${target}`));
}

/** Whether a file below src/data may import another one there, by its layers. */
function isDownwards(from: string, to: string): boolean {
  const part = partOf(from);
  if (COMPOSERS.includes(part) || partOf(to) === part) return true;
  return LAYERS[part]?.includes(partOf(to)) === true;
}

/** Of a file its path below src/data; undefined for one that is elsewhere. */
function inData(path: string): string | undefined {
  return path.startsWith('data/') ? path.slice('data/'.length) : undefined;
}

const files: SourceFile[] = globSync('**/*.ts', { cwd: ROOT }).map((path) => {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return { path: path.replaceAll('\\', '/'), text, imports: importsOf(text) };
});

t.test('imports are found in all their forms', async (t) => {
  const text = `import { a } from './a.ts';
import type { B } from './b.ts';
import {
  c,
  type C,
} from './c.ts';
import './d.ts';
import * as e from 'node:e';
export { f } from './f.ts';
export const from = 'nowhere';
const g = await import('./g.ts');
`;
  t.strictSame(
    importsOf(text).map(({ specifier, isType }) => (isType ? `type ${specifier}` : specifier)),
    ['./a.ts', 'type ./b.ts', './c.ts', './d.ts', 'node:e', './f.ts', './g.ts'],
  );
});

t.test('an edge that the table does not have is not allowed', async (t) => {
  const edge = (path: string, specifier: string, isType = false) => isAllowed(path, { specifier, isType });
  t.equal(edge('data/proxy/retry.ts', '../../control/incremental-merge.ts'), false);
  t.equal(edge('data/proxy/retry.ts', '../message/head.ts'), true);
  t.equal(edge('model/route.ts', 'node:net'), false);
  t.equal(edge('cli/status.ts', '../admin/state.ts'), false);
  t.equal(edge('cli/status.ts', '../admin/state.ts', true), true);
});

t.test('every part of src is in the table', async (t) => {
  t.ok(files.length > 50, 'the sources were found');
  const unknown = files.map(({ path }) => partOf(path)).filter((part) => ALLOWED[part] === undefined);
  t.strictSame([...new Set(unknown)], []);
});

t.test('no part imports what it may not', async (t) => {
  const wrong = files.flatMap(({ path, imports }) =>
    imports
      .filter((one) => !isAllowed(path, one))
      .map(({ specifier }) => `src/${path} imports ${specifier}, which ${partOf(path)} may not`),
  );
  t.strictSame(wrong, []);
});

t.test('no import of the data plane leads up from one of its layers', async (t) => {
  t.equal(isDownwards('proxy/attempt.ts', 'http1/connector.ts'), false);
  t.equal(isDownwards('http1/connector.ts', 'proxy/attempt.ts'), true);
  const wrong = files.flatMap(({ path, imports }) => {
    const from = inData(path);
    if (from === undefined) return [];
    return imports
      .map(({ specifier }) => inData(join(dirname(path), specifier)))
      .filter((to) => to !== undefined && !isDownwards(from, to))
      .map((to) => `src/${path} imports ${to}`);
  });
  t.strictSame(wrong, []);
});

t.test('the layers of the data plane have no circle, and all of its parts are among them', async (t) => {
  const known = [...COMPOSERS, ...Object.keys(LAYERS)];
  const parts = new Set(
    files
      .map(({ path }) => inData(path))
      .filter((path) => path !== undefined)
      .map(partOf),
  );
  t.strictSame([...parts].sort(), known.sort());
  const isReached = (from: string, wanted: string): boolean =>
    (LAYERS[from] ?? []).some((part) => part === wanted || isReached(part, wanted));
  t.strictSame(
    known.filter((part) => isReached(part, part)),
    [],
  );
});

t.test('whoever reads and writes for clients and backends does so by a transport', async (t) => {
  const outside = files.filter(({ path }) => path.startsWith('data/') && !path.startsWith('data/socket/'));
  t.ok(outside.length > 50, 'its files were found');
  const wrong = outside.filter(
    ({ path, text, imports }) =>
      !ADDRESSES.has(path) &&
      (/\bSocket\b/.test(text) || imports.some(({ specifier }) => SOCKETS.has(specifier))),
  );
  t.strictSame(
    wrong.map(({ path }) => path),
    [],
  );
});

t.test('heads and the codec of HTTP/1 know no transport', async (t) => {
  const codec = files.filter(({ path }) => TRANSPORTLESS.test(path));
  t.ok(codec.length > 8, 'its files were found');
  const wrong = codec.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier }) => /socket\/(?!gathered|output)/.test(specifier))
      .map(({ specifier }) => `src/${path} imports ${specifier}`),
  );
  t.strictSame(wrong, []);
});

/** The ways from file to file of a folder that lead back to where they began. */
function circlesIn(folder: string): string[] {
  const inside = files.filter(({ path }) => path.startsWith(folder));
  const edges = new Map(
    inside.map(({ path, imports }) => [path, imports.map(({ specifier }) => join(dirname(path), specifier))]),
  );
  const follow = (path: string, way: readonly string[]): string[] =>
    way.includes(path)
      ? path === way[0]
        ? [[...way, path].join(' → ')]
        : []
      : (edges.get(path) ?? []).flatMap((next) => follow(next, [...way, path]));
  return inside.flatMap(({ path }) => follow(path, []));
}

t.test('no two files of messages need each other, not even for types', async (t) => {
  t.strictSame(circlesIn('data/message/'), []);
});

t.test('the plane of the data plane only composes: it stays short', async (t) => {
  const plane = files.find(({ path }) => path === 'data/plane.ts')?.text ?? '';
  t.ok(plane.split('\n').length <= 151);
  const fields = [...plane.matchAll(/^ {2}(?:readonly )?#\w+(?::| =)/gm)];
  t.ok(fields.length > 0 && fields.length <= 10, `${fields.length} fields`);
});

t.test('the life of a request knows what its service is by its type', async (t) => {
  const wrong = files.filter(
    ({ path, text }) => path.startsWith('data/proxy/') && /\bas ServiceState\b/.test(text),
  );
  t.strictSame(
    wrong.map(({ path }) => path),
    [],
  );
});

t.test('only main.ts touches the arguments and the end of the process', async (t) => {
  const wrong = files
    .filter(({ path, text }) => path !== 'main.ts' && /\bprocess\.(?:argv|exit)\b/.test(text))
    .map(({ path }) => `src/${path}`);
  t.strictSame(wrong, []);
});

t.test('an import names its file as it is called', async (t) => {
  const wrong = files.flatMap(({ path, imports }) =>
    imports
      .filter(({ specifier }) => specifier.startsWith('.') && !specifier.endsWith('.ts'))
      .map(({ specifier }) => `src/${path} imports ${specifier}`),
  );
  t.strictSame(wrong, []);
});

t.test(`a file is at most ${MAX_LINES} lines long, or says in a comment why it is longer`, async (t) => {
  const long = files
    .filter(({ text }) => text.split('\n').length - 1 > MAX_LINES)
    .filter(({ text }) => !/^\s*(?:\/\/|\/?\*).*longer than/m.test(text))
    .map(({ path, text }) => `src/${path} has ${text.split('\n').length - 1} lines`);
  t.strictSame(long, []);
});

/** The classes of a text, which is formatted: each ends where a brace begins a line. */
function classesOf(text: string): { name: string; lines: number }[] {
  const found = text.matchAll(/^(?:export )?(?:abstract )?class (\w+)[\s\S]*?^}/gm);
  return [...found].map(([all, name = '']) => ({ name, lines: all.split('\n').length }));
}

t.test('classes are found with their length', async (t) => {
  const text = 'export abstract class A {\n  b() {\n  }\n}\n\nclass C extends A {\n}\n';
  t.strictSame(classesOf(text), [
    { name: 'A', lines: 4 },
    { name: 'C', lines: 2 },
  ]);
});

t.test(`a class is at most ${MAX_CLASS_LINES} lines long`, async (t) => {
  const classes = files.flatMap(({ path, text }) => classesOf(text).map((one) => ({ path, ...one })));
  t.ok(classes.length > 50);
  const long = classes
    .filter(({ lines }) => lines > MAX_CLASS_LINES)
    .map(({ path, name, lines }) => `src/${path}: ${name} has ${lines} lines`);
  t.strictSame(long, []);
});
