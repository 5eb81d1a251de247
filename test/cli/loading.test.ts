import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { deadPort, startBackend } from '../support/backend.ts';
import { type CliOptions, runCli } from '../support/cli.ts';

const TELL = new URL('../support/tell-libraries.ts', import.meta.url).href;
const NO_FILE = { FAIRLEAD_CONFIG: '' };

/** What a command loads besides our own files, and how it ends. */
async function librariesOf(args: readonly string[], options: CliOptions = {}) {
  const { code, stderr } = await runCli(args, { node: ['--import', TELL], ...options });
  const [, list = 'none told'] = /^libraries: (.*)$/m.exec(stderr) ?? [];
  return { code, libraries: list.split(' ').filter((name) => name !== '') };
}

/** A folder without a configuration file. */
const empty = (t: Test) => t.testdir({});

t.test('a health check loads none but for spelling, be it well or ill', async (t) => {
  const { port } = await startBackend(t, 'ready');
  const options = { cwd: empty(t), env: NO_FILE };
  const well = await librariesOf(['healthcheck', '--admin', `127.0.0.1:${port}`], options);
  t.strictSame(well, { code: 0, libraries: ['fastest-levenshtein'] });
  const ill = await librariesOf(['healthcheck', '--admin', `127.0.0.1:${await deadPort()}`], options);
  t.strictSame(ill, { code: 1, libraries: ['fastest-levenshtein'] });
});

t.test('with a configuration file it loads what reads that', async (t) => {
  const { port } = await startBackend(t, 'ready');
  const cwd = t.testdir({ 'fairlead.yaml': `admin: 127.0.0.1:${port}\n` });
  const { code, libraries } = await librariesOf(['healthcheck'], { cwd, env: NO_FILE });
  t.strictSame({ code, libraries }, { code: 0, libraries: ['fastest-levenshtein', 'yaml'] });
});

t.test('help and version load neither', async (t) => {
  for (const args of [['version'], ['--help'], ['status', '--help']]) {
    const { code, libraries } = await librariesOf(args, { cwd: empty(t), env: NO_FILE });
    t.strictSame({ code, libraries }, { code: 0, libraries: ['fastest-levenshtein'] }, args.join(' '));
  }
});

t.test('the other commands do not load Docker, metrics or logs', async (t) => {
  const admin = ['--admin', `127.0.0.1:${await deadPort()}`];
  const file = fileURLToPath(import.meta.url);
  for (const args of [
    ['status', ...admin],
    ['drain', 'a', ...admin],
    ['check', file],
  ]) {
    const command = args.join(' ');
    const { libraries } = await librariesOf(args, { cwd: empty(t), env: NO_FILE });
    t.ok(libraries.length > 0, command);
    for (const heavy of ['dockerode', 'prom-client', 'pino']) t.notOk(libraries.includes(heavy), command);
  }
});
