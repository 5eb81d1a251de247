import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t, { type Test } from 'tap';
import { stateOf } from '../../src/admin/state.ts';
import { COMMANDS } from '../../src/cli/commands.ts';
import { completedCommands } from '../../src/cli/completion.ts';
import { namesOf } from '../../src/cli/names.ts';
import { SHELLS } from '../../src/cli/shells.ts';
import { nameOf, OPTION_KEYS } from '../../src/config/options.ts';
import { ADMIN_SNAPSHOT, adminView, startTestAdmin } from '../support/admin.ts';
import { deadPort } from '../support/backend.ts';
import { runCli } from '../support/cli.ts';

const execute = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** What a shell prints that was told all of this; undefined where there is no such shell, which is then said. */
async function sh(t: Test, shell: string, port: number, script: string): Promise<string | undefined> {
  const dir = t.testdir({ 'some file.yaml': '', pages: {}, script });
  writeFileSync(join(dir, 'fairlead'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
  chmodSync(join(dir, 'fairlead'), 0o755);
  const env = {
    PATH: `${dir}:${process.env['PATH']}`,
    HOME: dir,
    TERM: 'dumb',
    FAIRLEAD_CONFIG: '/dev/null',
    FAIRLEAD_ADMIN: `127.0.0.1:${port}`,
  };
  const args = { bash: ['--norc'], zsh: ['-f'], fish: ['--no-config'] }[shell] ?? [];
  try {
    return (await execute(shell, [...args, 'script'], { cwd: dir, env, timeout: 120_000 })).stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    if (process.env['CI'] === 'true') throw new Error(`CI needs ${shell}`, { cause: error });
    t.comment(`skipped: there is no ${shell} on this machine`);
    return undefined;
  }
}

/** How each shell is asked what it completes in these lines; it prints the answer to each in a line of its own. */
const ASK: Readonly<Record<string, (lines: readonly (readonly string[])[]) => string>> = {
  bash: (lines) => `source <(fairlead completion bash)
ask() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  _fairlead
  local IFS='|'
  echo "\${COMPREPLY[*]}"
}
${lines.map((words) => `ask ${words.map((word) => `'${word}'`).join(' ')}`).join('\n')}
`,
  fish: (lines) => `fairlead completion fish | source
${lines.map((words) => `echo (string join '|' -- (complete -C '${words.join(' ')}' | string replace -r '\\t.*' ''))`).join('\n')}
`,
  // Its completion needs its line editor: what is added is written down instead.
  zsh: (lines) => `autoload -Uz compinit && compinit -u -D 2>/dev/null
eval "$(fairlead completion zsh)"
compadd() { while [[ $1 == -* && $1 != -- ]]; do shift; done; [[ $1 == -- ]] && shift; found+=("$@") }
_files() { [[ $1 == -/ ]] && found+=(FOLDERS) || found+=(FILES) }
_describe() { [[ $1 == -o ]] && shift; found+=("\${(@)\${(P)2}%%:*}") }
compset() { : }
ask() {
  words=("$@") CURRENT=$#
  found=()
  _fairlead
  local -a shown=(\${(M)found:#(FILES|FOLDERS|\${words[CURRENT]}*)})
  print -r -- "\${(j:|:)shown}"
}
${lines.map((words) => `ask ${words.map((word) => `'${word}'`).join(' ')}`).join('\n')}
`,
};

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  t.test(`${shell} completes commands, options, values, files and names`, async (t) => {
    const { port } = await startTestAdmin(t);
    const files = shell === 'zsh' ? 'FILES' : 'some file.yaml';
    const folders = shell === 'zsh' ? 'FOLDERS' : /^pages\/?$/;
    const cases: [string[], string | RegExp][] = [
      [['fairlead', 'ex'], 'explain'],
      [['fairlead', 'status', '--w'], '--watch'],
      [['fairlead', 'serve', '--access-l'], '--access-log'],
      [['fairlead', '--log-f'], '--log-format'],
      [['fairlead', 'serve', '--access-log', ''], /^(?:clf|json|off)(?:\|(?:clf|json|off)){2}$/],
      [['fairlead', 'serve', '--config', 'some'], shell === 'fish' ? /^some( |\\ )file\.yaml$/ : files],
      [['fairlead', 'serve', '--pages', 'pa'], folders],
      [['fairlead', 'drain', ''], /^a\|b$/],
      [['fairlead', 'explain', 'web'], /^web-a\|web-b$/],
      [['fairlead', 'status', 'sh'], 'shop'],
      [['fairlead', 'help', 'opt'], 'options'],
      [['fairlead', 'completion', 'zs'], 'zsh'],
    ];
    const stdout = await sh(t, shell, port, ASK[shell]?.(cases.map(([words]) => words)) ?? '');
    if (stdout === undefined) return;
    const lines = stdout.split('\n');
    for (const [i, [words, expected]] of cases.entries()) {
      const found = lines[i] ?? '';
      if (typeof expected === 'string') t.equal(found, expected, words.join(' '));
      else t.match(found, expected, words.join(' '));
    }
  });
}

t.test('--flag=value is completed as --flag value is', async (t) => {
  const ask = ASK['bash']?.([['fairlead', 'serve', '--access-log', '=', 'j']]) ?? '';
  t.equal(await sh(t, 'bash', await deadPort(), ask), 'json\n');
});

t.test('where no Fairlead answers nothing is completed, and nothing is said', async (t) => {
  const dead = `127.0.0.1:${await deadPort()}`;
  t.strictSame(await runCli(['names', 'backend', '--admin', dead]), { code: 0, stdout: '', stderr: '' });
});

t.test('names of strangers that mean something to a shell are not completed', async (t) => {
  const [shop] = ADMIN_SNAPSHOT.services;
  const hostile = ['$(touch pwned)', '`id`', 'a b', "a'b", 'a;b', '-rf\n', 'ok-1', 'x'.repeat(1_000)];
  const services = hostile.map((name) => ({ ...shop, name }));
  const state = stateOf(
    adminView({ snapshot: () => ({ ...ADMIN_SNAPSHOT, services }) as typeof ADMIN_SNAPSHOT }),
  );
  t.strictSame(namesOf(state, 'service'), ['ok-1']);
});

t.test('the scripts know every command and every option', async (t) => {
  const commands = completedCommands(COMMANDS);
  for (const [shell, script] of Object.entries(SHELLS)) {
    const text = script(commands);
    for (const { name } of COMMANDS) t.match(text, new RegExp(`\\b${name}\\b`), `${shell}: ${name}`);
    for (const key of OPTION_KEYS) t.match(text, nameOf(key), `${shell}: ${key}`);
  }
});

t.test('a shell that is none of these is a mistake', async (t) => {
  for (const args of [[], ['nu'], ['constructor']]) {
    const { code, stdout, stderr } = await runCli(['completion', ...args]);
    t.strictSame([code, stdout], [2, '']);
    t.match(stderr, 'completion wants one shell of bash, zsh, fish');
  }
});
