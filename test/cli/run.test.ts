import { readFileSync } from 'node:fs';
import t from 'tap';
import { commandHelp } from '../../src/cli/command-help.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { nameOf, OPTION_KEYS } from '../../src/config/options.ts';
import { runCli } from '../support/cli.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

t.test('help lists every command and every option, on two screens at most', async (t) => {
  const { code, stdout, stderr } = await runCli(['--help']);
  t.equal(code, 0);
  t.equal(stderr, '');
  for (const { name, doc } of COMMANDS)
    t.match(stdout, new RegExp(`^  ${name} +${doc.slice(0, 20)}`, 'm'), name);
  const words = stdout.split(/\s+/);
  for (const key of OPTION_KEYS) t.ok(words.includes(`--${nameOf(key)}`), key);
  t.ok(words.includes('--config'));
  t.match(stdout, 'docker run -d -l fairlead.host=', 'and the one label that is needed');
  t.ok(stdout.split('\n').length <= 48);
  t.ok(stdout.split('\n').every((line) => line.length <= 100));
});

t.test('help is the same however it is asked for', async (t) => {
  const same = async (...ways: string[][]) => {
    const [expected, ...others] = await Promise.all(ways.map((args) => runCli(args)));
    for (const other of others) t.strictSame(other, expected);
    return expected?.stdout ?? '';
  };
  await same(['--help'], ['-h'], ['help'], ['--http', ':80', '--help']);
  const serve = await same(
    ['serve', '--help'],
    ['serve', '-h'],
    ['help', 'serve'],
    ['serve', '--grase', '--help'],
  );
  t.match(serve, /^Usage: fairlead serve \[OPTIONS\]$/m);
});

t.test('the help of a command tells how it is called, what matters to it, and how it ends', async (t) => {
  for (const command of COMMANDS) {
    const text = commandHelp(command).join('\n');
    t.match(text, `Usage: fairlead ${command.name}`);
    t.match(text, /^Examples?\n {2}fairlead /m, command.name);
    t.match(text, /^Exit codes\n {2}0 {2}\S/m, command.name);
    t.ok(
      text.split('\n').every((line) => line.length <= 100),
      command.name,
    );
  }
  const explain = (await runCli(['explain', '--help'])).stdout;
  t.match(explain, /^ {2}--admin ADDRESS\|off +Dashboard/m);
  t.notMatch(explain, '--access-log', 'and nothing else');
  const all = (await runCli(['help', 'options'])).stdout;
  for (const key of OPTION_KEYS) t.match(all, new RegExp(`^  --${nameOf(key)} `, 'm'), key);
});

t.test('help for what is no command is a mistake', async (t) => {
  const { code, stdout, stderr } = await runCli(['help', 'explian']);
  t.strictSame([code, stdout], [2, '']);
  t.match(stderr, 'error: explian is not a command; did you mean explain?');
});

t.test('a command that resembles none names all', async (t) => {
  const { code, stderr } = await runCli(['nginx']);
  t.equal(code, 2);
  t.match(stderr, 'error: nginx is not a command; there are serve, demo, ');
});

t.test('an option that resembles none suggests none', async (t) => {
  const serve = await runCli(['serve', '--json']);
  t.strictSame([serve.code, serve.stderr], [2, 'error: --json: is not an option\n']);
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
  t.match(
    stderr,
    'error: its admin address is off, so nothing can be asked (start Fairlead with --admin 127.0.0.1:9900)',
  );
});

t.test('a worker is nobody’s to start, and no help tells of it', async (t) => {
  const { code, stderr } = await runCli(['worker']);
  t.equal(code, 2);
  t.equal(stderr, 'error: worker is started by Fairlead itself; see fairlead --help\n');
  t.notMatch((await runCli(['--help'])).stdout, /^ {2}worker\b/m);
});
