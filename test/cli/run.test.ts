import { readFileSync } from 'node:fs';
import t from 'tap';
import { nameOf, OPTION_KEYS } from '../../src/config/options.ts';
import { runCli } from '../support/cli.ts';

const COMMANDS = ['serve', 'demo', 'check', 'explain', 'status', 'healthcheck', 'version'];
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

t.test('help lists every command and every option', async (t) => {
  const { code, stdout, stderr } = await runCli(['--help']);
  t.equal(code, 0);
  t.equal(stderr, '');
  for (const command of COMMANDS) t.match(stdout, new RegExp(`^  ${command}\\b`, 'm'), command);
  for (const key of OPTION_KEYS) {
    const flag = `--${nameOf(key)}`;
    t.match(stdout, new RegExp(`^  ${flag} `, 'm'), flag);
  }
  t.match(stdout, /^ {2}--config FILE /m);
  t.match(stdout, 'docker run -d -l fairlead.host=', 'and the one label that is needed');
});

t.test('help is the same however it is asked for', async (t) => {
  const [expected, ...others] = await Promise.all(
    [['--help'], ['-h'], ['help'], ['serve', '--help'], ['check', '-h']].map((args) => runCli(args)),
  );
  for (const other of others) t.strictSame(other, expected);
});

t.test('the version is that of the package, however it is asked for', async (t) => {
  const results = await Promise.all([['version'], ['--version'], ['-v']].map((args) => runCli(args)));
  for (const result of results) {
    const stdout = `fairlead ${version} (Node.js ${process.version})\n`;
    t.strictSame(result, { code: 0, stdout, stderr: '' });
  }
});

t.test('an unknown command is named with a suggestion', async (t) => {
  for (const [name, meant] of [
    ['serv', 'serve'],
    ['chekc', 'check'],
  ] as const) {
    const { code, stdout, stderr } = await runCli([name]);
    t.equal(code, 2, name);
    t.equal(stdout, '');
    t.equal(stderr, `error: ${name} is not a command; did you mean ${meant}?\nSee fairlead --help.\n`);
  }
});

t.test('a word that every object knows is no command', async (t) => {
  for (const name of ['constructor', 'toString', '__proto__']) {
    const { code, stderr } = await runCli([name]);
    t.equal(code, 2, name);
    t.match(stderr, `error: ${name} is not a command`);
  }
});

t.test('every bad option is reported at once, by every command that takes options', async (t) => {
  const args = ['--http', 'nowhere', '--grase=5s', '--workers', '0'];
  const env = { FAIRLEAD_ACCESS_LOG: 'xml' };
  const commands = [[], ['serve'], ['demo'], ['status'], ['explain', 'http://a/']];
  const results = await Promise.all(commands.map((command) => runCli([...command, ...args], { env })));
  for (const [i, { code, stdout, stderr }] of results.entries()) {
    const name = commands[i]?.[0] ?? 'no command';
    t.equal(code, 2, name);
    t.equal(stdout, '', 'nothing was started');
    t.strictSame(stderr.trimEnd().split('\n').length, 4, stderr);
    t.match(stderr, /^error: --http: http wants an address/m);
    t.match(stderr, /^error: --grase: is not an option; did you mean --grace\?$/m);
    t.match(stderr, /^error: --workers: workers wants a whole number from 1 to 256/m);
    t.match(stderr, /^error: FAIRLEAD_ACCESS_LOG: access-log wants one of off, json, clf, not "xml"$/m);
  }
});

t.test('an unknown variable of ours is a warning that stops nothing', async (t) => {
  const env = { FAIRLEAD_ACESS_LOG: 'json' };
  const { code, stderr } = await runCli(['status', '--admin', 'off'], { env });
  t.equal(code, 1);
  t.match(stderr, /^warning: FAIRLEAD_ACESS_LOG: .* did you mean FAIRLEAD_ACCESS_LOG\?$/m);
  t.match(stderr, 'error: admin is off: there is no address to ask');
});

t.test('a worker is nobody’s to start, and no help tells of it', async (t) => {
  const { code, stderr } = await runCli(['worker']);
  t.equal(code, 2);
  t.equal(stderr, 'error: worker is started by Fairlead itself; see fairlead --help\n');
  t.notMatch((await runCli(['--help'])).stdout, /^ {2}worker\b/m);
});
