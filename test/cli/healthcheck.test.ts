import t from 'tap';
import { servedArguments } from '../../src/cli/healthcheck.ts';
import { deadPort } from '../support/backend.ts';
import { runCli, startCli } from '../support/cli.ts';

t.test('a Fairlead that answers is healthy, with a token and without an admin address', async (t) => {
  const { admin } = await startCli(t, 'demo', [], { env: { FAIRLEAD_ADMIN_TOKEN: 'a-token-of-16-or-more' } });
  const { http } = await startCli(t, 'demo');
  for (const args of [
    ['--admin', `127.0.0.1:${admin}`],
    ['--admin', 'off', '--http', `:${http}`],
  ]) {
    const healthy = { code: 0, stdout: '', stderr: '' };
    t.strictSame(await runCli(['healthcheck', ...args]), healthy, args.join(' '));
  }
});

t.test('where none answers, the exit code is 1 and the address is told', async (t) => {
  const port = await deadPort();
  const { code, stderr } = await runCli(['healthcheck', '--admin', `127.0.0.1:${port}`]);
  t.strictSame(
    [code, stderr],
    [1, `error: no Fairlead answers at 127.0.0.1:${port} (--admin ADDRESS asks another)\n`],
  );
  const without = await runCli(['healthcheck', '--admin', 'off', '--http', `127.0.0.1:${port}`]);
  t.strictSame([without.code, without.stderr], [1, `error: no Fairlead answers at 127.0.0.1:${port}\n`]);
});

t.test('the options are those of the process that serves', async (t) => {
  const line = (...words: string[]) => words.map((word) => `${word}\0`).join('');
  t.strictSame(servedArguments(line('node', '/app/dist/main.js', 'serve', '--admin', 'off')), [
    '--admin',
    'off',
  ]);
  t.strictSame(servedArguments(line('node', '/app/dist/main.js', '--http', ':80')), ['--http', ':80']);
  t.strictSame(servedArguments(line('/sbin/docker-init', '--', 'node', '/app/dist/main.js', 'demo')), []);
  t.strictSame(servedArguments(line('/usr/bin/fairlead', '--admin=off')), ['--admin=off']);
  t.strictSame(servedArguments(line('/sbin/init', 'splash')), [], 'another program has none');
  t.strictSame(servedArguments(''), [], 'nor has one that may not be read');
});
