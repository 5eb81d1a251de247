// Makes dist/: the program with all that it needs in a few files, of which a command loads those that it uses.
import { spawnSync } from 'node:child_process';
import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

/** The commit that this is made of: as a release tells, else as git does; unknown in an archive without either. */
function commit(): string | undefined {
  const told = process.env['REVISION'];
  if (told !== undefined && told !== '') return told.slice(0, 12);
  const { status, stdout } = spawnSync(
    'git',
    ['describe', '--always', '--dirty', '--abbrev=12', '--exclude=*'],
    {
      cwd: ROOT,
      encoding: 'utf8',
    },
  );
  return status === 0 ? stdout.trim() : undefined;
}

await rm(DIST, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['src/main.ts'],
  outdir: DIST,
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  metafile: true,
  logLevel: 'warning',
  define: { FAIRLEAD_COMMIT: JSON.stringify(commit()) ?? 'undefined' },
  // CommonJS among the libraries asks for these, which ES modules do not have.
  banner: {
    js: [
      "import { createRequire as createRequireOfBundle } from 'node:module';",
      'const require = createRequireOfBundle(import.meta.url);',
      'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
    ].join('\n'),
  },
});
await cp(join(ROOT, 'src/admin/dashboard'), join(DIST, 'dashboard'), {
  recursive: true,
  filter: (file) => !file.endsWith('.ts'),
});
await writeFile(join(DIST, 'THIRD-PARTY.txt'), await licenses(Object.keys(metafile.inputs)));

/** The licenses of the libraries that these files are of: what they ask for wherever they are passed on. */
async function licenses(inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []));
  const texts = await Promise.all([...folders].sort().map(licenseOf));
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function licenseOf(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'));
  const files = (await readdir(join(ROOT, folder))).filter((file) => /^(licen[cs]e|notice)/i.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(ROOT, folder, file), 'utf8')));
  return [`${name} ${version} (${license})`, ...texts.map((text) => `\n${text.trim()}`), ''].join('\n');
}
