import t from 'tap';
import { servedArguments, without } from '../../src/cli/served.ts';
import { deadPort, startCannedBackend, startRawBackend } from '../support/backend.ts';
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
  t.strictSame([code, stderr], [1, `error: no Fairlead answers at 127.0.0.1:${port}\n`]);
  const without = await runCli(['healthcheck', '--admin', 'off', '--http', `127.0.0.1:${port}`]);
  t.strictSame([without.code, without.stderr], [1, `error: no Fairlead answers at 127.0.0.1:${port}\n`]);
});

t.test('one that never heard of its Engine is ill, and says what it waits for', async (t) => {
  const docker = ['--docker', 'unix:///tmp/fairlead-none.sock', '--start-timeout', '0s'];
  const { admin } = await startCli(t, 'serve', docker);
  const { code, stderr } = await runCli(['healthcheck', '--admin', `127.0.0.1:${admin}`]);
  t.equal(code, 1);
  t.match(
    stderr,
    /^error: Fairlead answered 503: not ready\ndocker was never heard \(unix:\S+none\.sock: .+\)\n$/,
  );
});

t.test('what answers no HTTP, too much or nothing is none', async (t) => {
  const servers = [
    await startCannedBackend(t, 'SSH-2.0-OpenSSH\r\n'),
    await startRawBackend(t, (socket) => socket.end('x'.repeat(1_000_000))),
    await startRawBackend(t, () => {}),
  ];
  for (const { port } of servers) {
    const { code, stderr } = await runCli(['healthcheck', '--admin', `127.0.0.1:${port}`]);
    t.strictSame([code, stderr], [1, `error: no Fairlead answers at 127.0.0.1:${port}\n`]);
  }
});

t.test('the options are those of the process that serves', async (t) => {
  const served = (...words: string[]) =>
    servedArguments(words.map((word) => `${word}\0`).join(''), '/app/dist/main.js');
  const node = ['/usr/local/bin/node', '/app/dist/main.js'];
  t.strictSame(served(...node, 'serve', '--admin', 'off'), ['--admin', 'off']);
  t.strictSame(served(...node, '--http', ':80'), ['--http', ':80']);
  t.strictSame(served('/sbin/docker-init', '--', ...node, 'demo'), []);
  t.strictSame(served('/usr/local/bin/node', '/usr/local/bin/fairlead', '--admin=off'), ['--admin=off']);
  t.strictSame(served('node', '/srv/shop/main.js', '--admin', 'off'), [], 'another program has none');
  t.strictSame(served('/sbin/init', 'splash'), [], 'another program has none');
  t.strictSame(served(), [], 'nor has one that may not be read');
});

t.test('an option of the command replaces that of the process that serves', async (t) => {
  const served = ['--admin', '0.0.0.0:9000', '--http=:80', '--grace', '5s'];
  t.strictSame(without(served, ['--admin=127.0.0.1:1']), ['--http=:80', '--grace', '5s']);
  t.strictSame(without(served, ['shop', '--http', ':8080']), ['--admin', '0.0.0.0:9000', '--grace', '5s']);
  t.strictSame(without(served, []), served);
});
