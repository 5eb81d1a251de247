import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { RunningCli } from '../support/cli.ts';
import { ask, connectRaw } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';

const TOKEN = 'a-token-of-16-or-more';

/** `serve` of a file that says everything, options and one service for every host. */
async function serve(t: Test, workers: number, port: number) {
  const [http, admin] = [await freePort(), await freePort()];
  const folder = t.testdir({ token: TOKEN });
  const path = join(folder, 'fairlead.yaml');
  const base = {
    http: `127.0.0.1:${http}`,
    admin: `127.0.0.1:${admin}`,
    docker: 'off',
    workers,
    'header-timeout': '9s',
  };
  const write = (options: Readonly<Record<string, unknown>>, rest = '') => {
    const lines = Object.entries({ ...base, ...options }).map(([name, value]) => `${name}: ${value}`);
    const shop = `{ host: "*", health: { type: none }, backends: [http://127.0.0.1:${port}] }`;
    writeFileSync(path, `${lines.join('\n')}\nservices:\n  shop: ${shop}\n${rest}`);
  };
  write({});
  const args = ['--config', path, '--header-timeout', '8s', '--admin-token-file', join(folder, 'token')];
  const cli = new RunningCli(['serve', ...args]);
  t.teardown(() => {
    cli.child.kill('SIGKILL');
    return cli.ended;
  });
  await cli.until(/listens on/);
  await eventually('it is ready', async () => (await ask(admin, { path: '/readyz' })).status === 200);
  const state = (token = TOKEN) =>
    ask(admin, { path: '/api/snapshot', headers: { authorization: `Bearer ${token}` } });
  return {
    cli,
    http,
    write,
    state,
    writeToken: (token: string) => writeFileSync(join(folder, 'token'), token),
    problems: async (): Promise<string[]> =>
      JSON.parse((await state()).body).problems.map(({ message }: { message: string }) => message),
  };
}

for (const workers of [1, 2]) {
  const by = `with ${workers} worker${workers > 1 ? 's' : ''}`;

  t.test(`an edit of the file changes the options that may change, and says so of all, ${by}`, async (t) => {
    const arrived = Promise.withResolvers<() => void>();
    const backend = await startBackend(t, 'a', (request, response) => {
      if (request.url !== '/slow') return void response.end('a');
      arrived.resolve(() => response.end('slow'));
    });
    const { cli, http, write, problems } = await serve(t, workers, backend.port);
    const long = { headers: { 'x-long': 'x'.repeat(3_000) } };
    t.equal((await ask(http, long)).status, 200);
    const client = await connectRaw(t, http);
    client.send('GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
    const finish = await arrived.promise;

    const other = {
      'max-header-size': '2k',
      'access-log': 'json',
      'log-level': 'debug',
      workers: 3,
      'header-timeout': '7s',
    };
    write(other);
    await cli.until(/header-timeout in \S+fairlead\.yaml:5 has no effect: --header-timeout says otherwise/);
    for (const line of [
      'max-header-size changed from 16k to 2k (',
      'access-log changed from off to json (',
      'log-level changed from info to debug (',
    ])
      t.match(cli.stderr, line);
    await cli.until(new RegExp(`workers changed from ${workers} to 3: takes effect at the next start`));
    t.strictSame(await problems(), [`workers changed from ${workers} to 3: takes effect at the next start`]);
    await eventually('the new limit holds', async () => (await ask(http, long)).status === 431);
    await eventually('requests are logged', () => /"status":431/.test(cli.stdout));
    finish();
    t.match(
      await client.until((got) => got.includes('slow'), 'the answer'),
      /^HTTP\/1\.1 200 /,
      'nothing was cut',
    );

    write({ ...other, 'access-log': 'off', 'max-header-size': '32 apples' });
    await cli.until(/max-header-size wants a size/);
    t.match(await problems(), [/^max-header-size wants a size/, /^workers changed/]);
    t.equal((await ask(http, long)).status, 431, 'a bad edit keeps all that was good');
    write(other, '  broken: [\n');
    await eventually('the YAML is broken', async () => (await problems()).length > 1);
    t.equal((await ask(http)).status, 200);

    write({});
    await eventually('all is well again', async () => (await problems()).length === 0);
    await eventually('the old limit holds', async () => (await ask(http, long)).status === 200);
    await cli.until(/access-log changed from json to off/);
    await eventually('what was gathered is written', () => /"target":"\/slow"/.test(cli.stdout));
    const logged = cli.stdout.length;
    await ask(http, { path: '/unlogged' });
    cli.child.kill('SIGTERM');
    t.equal((await cli.ended).code, 0);
    t.notMatch(cli.stdout.slice(logged), 'unlogged');
  });

  t.test(
    `SIGHUP has the token read again, other signals do nothing, and SIGQUIT ends it, ${by}`,
    async (t) => {
      const backend = await startBackend(t, 'a');
      const { cli, http, state, writeToken } = await serve(t, workers, backend.port);
      t.equal((await state()).status, 200);
      writeToken(`other-${TOKEN}\n`);
      cli.child.kill('SIGHUP');
      await cli.until(/admin-token changed \(/);
      // One that has hardly begun has not said yet what signals mean.
      if (workers > 1) await cli.until(/all workers are replaced/);
      t.notMatch(cli.stderr, TOKEN);
      t.equal((await state()).status, 401);
      const { body } = await state(`other-${TOKEN}`);
      const pids: number[] = JSON.parse(body).workers.map(({ pid }: { pid: number }) => pid);
      for (const pid of new Set([...pids, Number(cli.child.pid)]))
        for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) {
          try {
            process.kill(pid, signal);
          } catch {
            // A worker that SIGHUP has replaced meanwhile.
          }
        }
      await cli.until(/SIGUSR1: nothing to reopen/);
      await cli.until(/SIGUSR2 means nothing/);
      t.equal((await ask(http)).status, 200);
      t.notMatch(cli.stderr, /debugger|died/i);
      cli.child.kill('SIGQUIT');
      t.equal((await cli.ended).code, 0);
      t.match(cli.stderr, /SIGQUIT: finishing what runs/);
    },
  );
}
