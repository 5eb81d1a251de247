// The package as somebody installs it who has neither this clone nor a registry.
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { eventually } from '../support/eventually.ts';

const execute = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));

const folder = t.testdir();
const npm = (...args: string[]) =>
  execute('npm', args, {
    cwd: PROJECT,
    env: { ...process.env, REVISION: '0123456789abcdef' },
    maxBuffer: 16 * 1024 * 1024,
  });
const { stdout } = await npm('pack', '--json', '--pack-destination', folder);
// What `prepare` prints comes before; newer npm names the packages.
const told = JSON.parse(stdout.slice(stdout.search(/^[[{]$/m)));
const [packed] = Array.isArray(told) ? told : Object.values<typeof told>(told);
const archive = join(folder, packed.filename);
const paths: string[] = packed.files.map(({ path }: { path: string }) => path);
/** Nothing but this Node.js and what Debian has in its first folders. */
const env = { PATH: [dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter) };

t.test('it contains the program, its configuration and its pages, and nothing to develop with', async (t) => {
  const roots = new Set(paths.map((path) => path.split('/')[0]));
  const expected = ['CHANGELOG.md', 'LICENSE', 'README.md', 'config', 'dist', 'docs', 'package.json'];
  t.strictSame([...roots].sort(), expected);
  t.strictSame(
    paths.filter((path) => /\.(ts|map|log)$|test|node_modules/.test(path)),
    [],
  );
  const needed = ['dist/main.js', 'dist/dashboard/index.html', 'dist/THIRD-PARTY.txt'];
  for (const path of [...needed, 'config/pages/oops.html']) t.ok(paths.includes(path), path);
});

t.test('it carries the license of each library that is in it', async (t) => {
  const text = readFileSync(join(PROJECT, 'dist/THIRD-PARTY.txt'), 'utf8');
  for (const name of ['dockerode', 'undici', 'http-proxy-3', 'pino', 'prom-client', 'yaml'])
    t.match(text, new RegExp(`^${name} \\d.*\\n\\n[^]{0,200}(license|copyright)`, 'im'), name);
});

t.test('it asks for nothing else, and runs nothing when it is installed', async (t) => {
  const { dependencies, scripts, bin } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  t.equal(dependencies, undefined);
  t.strictSame(
    ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts),
    [],
  );
  t.strictSame(bin, { fairlead: 'dist/main.js' });
});

t.test('what the sources load by a path beside them lies there in the package, too', async (t) => {
  // All files of the program lie in dist/, whatever folder of src/ they came from.
  const loads = globSync('src/**/*.ts', { cwd: PROJECT }).flatMap((file) => {
    const text = readFileSync(join(PROJECT, file), 'utf8');
    const urls = text.matchAll(/new URL\(\s*['`]([^'`$]+)[^)]*import\.meta\.url/g);
    return [...urls].map(([, path = '']) => ({ file, path }));
  });
  t.ok(loads.length >= 3, 'they were found');
  for (const { file, path } of loads) t.ok(existsSync(join(PROJECT, 'dist', path)), `${file}: ${path}`);
});

t.test('installed without a registry and without scripts, it answers requests', async (t) => {
  const program = await install(t, archive, '--offline', '--ignore-scripts');
  const run = async (...args: string[]) => (await execute(program, args, { env, cwd: folder })).stdout;
  t.match(await run('version'), `fairlead ${version} (commit 0123456789ab, Node.js ${process.version})`);
  t.match(await run('--help'), /Usage: fairlead \[COMMAND\]/);
  await serves(t, program);
});

t.test('npx and npm exec run it from its archive', async (t) => {
  const cache = t.testdir();
  const args = ['exec', '--yes', '--cache', cache, '--package', archive, '--', 'fairlead', 'version'];
  const { stdout } = await execute('npm', args, { cwd: cache, env: { ...env, HOME: cache } });
  t.match(stdout, `fairlead ${version}`);
});

t.test('npm i -g of a clone leads to the program of the clone', async (t) => {
  const program = await install(t, PROJECT);
  t.match((await execute(program, ['version'], { env })).stdout, `fairlead ${version}`);
});

const old = olderNode();
t.test('an older Node.js says what it needs', { skip: !old && 'no older Node.js here' }, async (t) => {
  const { status, stderr } = spawnSync(old ?? '', [join(PROJECT, 'dist/main.js'), 'serve'], {
    encoding: 'utf8',
  });
  t.equal(status, 1);
  t.match(stderr, /^Fairlead needs Node\.js 24 or newer; this is v\d/);
});

/** Installs into a prefix of its own, and answers the program. */
async function install(t: Test, what: string, ...args: string[]): Promise<string> {
  const prefix = join(t.testdirName, 'prefix');
  mkdirSync(prefix, { recursive: true });
  await npm('install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', ...args, what);
  return join(prefix, 'bin/fairlead');
}

/** It serves: with workers, which are the program once more, its dashboard and a page that comes with it. */
async function serves(t: Test, program: string): Promise<void> {
  const { port } = await startBackend(t, 'shop', (_, response) => response.end('sold'));
  const config = join(folder, 'fairlead.yaml');
  const services = [
    'services:',
    `  shop: { host: shop.test, backends: ["http://127.0.0.1:${port}"] }`,
    '  gone: { host: gone.test, fallback: "page:maintenance.html", backends: ["http://127.0.0.1:1"] }',
  ];
  writeFileSync(config, services.join('\n'));
  const options = ['--http', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--docker', 'off', '--workers', '2'];
  const child = spawn(program, ['serve', '--config', config, ...options], { cwd: folder, env });
  const ended = once(child, 'exit');
  t.teardown(() => child.kill('SIGKILL'));
  const [, http = '', dashboard = ''] = await listening(child);
  t.match(await get(`http://${http}/`, 'shop.test', 200), 'sold');
  t.match(await get(`http://${http}/`, 'gone.test', 503), '<html');
  t.match(await get(`http://${dashboard}/`, undefined, 200), '<html');
  child.kill('SIGTERM');
  t.strictSame(await ended, [0, null]);
}

async function listening(child: ChildProcess): Promise<string[]> {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  return eventually(
    'it listens',
    () => /listens on ([\d.:]+), dashboard (?:http:\/\/|on )([\d.:]+)/.exec(text) ?? undefined,
  );
}

/** The body of a response of that status, which it may take a moment to have: health is asked first. */
function get(url: string, host: string | undefined, status: number): Promise<string> {
  return eventually(`${url} answers ${status}`, async () => {
    const args = ['-s', '-w', '\n%{http_code}', ...(host === undefined ? [] : ['-H', `Host: ${host}`]), url];
    const { stdout } = await execute('curl', args);
    return stdout.endsWith(`\n${status}`) && stdout;
  });
}

/** A Node.js of this machine that is too old. */
function olderNode(): string | undefined {
  const known = [process.env['npm_node_execpath'], '/usr/bin/node', '/usr/local/bin/node'];
  return known.find((path) => {
    if (path === undefined || !existsSync(normalize(path))) return false;
    const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' });
    return Number(/^v(\d+)/.exec(stdout)?.[1]) < 24;
  });
}
