import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { RunningCli, runCli, startCli } from '../support/cli.ts';
import { ask } from '../support/client.ts';
import { curl } from '../support/curl.ts';
import { eventually } from '../support/eventually.ts';
import { lastingFolder } from '../support/folder.ts';

/** Who answers a number of requests. */
async function names(port: number, count: number): Promise<string[]> {
  const found: string[] = [];
  for (let i = 0; i < count; i++) {
    const { status, body } = await ask(port);
    found.push(status === 200 ? (/^Hello from (\w+)\./.exec(body)?.[1] ?? body) : String(status));
  }
  return found.sort();
}

t.test('demo balances over three backends without any configuration', async (t) => {
  const { cli, http } = await startCli(t, 'demo');
  const thrice = ['anchor', 'anchor', 'bollard', 'bollard', 'cleat', 'cleat'];
  await eventually(
    'all three take part',
    async () => (await names(http, 3)).join() === 'anchor,bollard,cleat',
  );
  t.strictSame(await names(http, 6), thrice);
  t.match((await ask(http, { host: 'any.example', path: '/x' })).body, 'You asked for any.example/x');
  t.match(cli.stdout, 'Three backends share http://');
  t.match(cli.stdout, 'curl -s -X POST');
});

t.test('a demo backend that was broken gets no more requests, and nobody notices', async (t) => {
  const { http, admin } = await startCli(t, 'demo');
  await eventually('all three take part', async () => new Set(await names(http, 3)).size === 3);
  const { body } = await ask(http, { method: 'POST', path: '/break' });
  const [, broken = ''] = /^(\w+) fails its health checks/.exec(body) ?? [];
  t.ok(['anchor', 'bollard', 'cleat'].includes(broken), body);
  await eventually('its checks are noticed', async () => {
    const state = JSON.parse((await ask(admin, { path: '/api/snapshot' })).body);
    return JSON.stringify(state).includes('FailedCheck');
  });
  const left = ['anchor', 'bollard', 'cleat'].filter((name) => name !== broken);
  t.strictSame([...new Set(await names(http, 6))], left);
});

t.test('demo also serves https, and says how to trust it', async (t) => {
  const base = lastingFolder(t);
  const { cli, http, https, admin } = await startCli(t, 'demo', [
    ...['--https', '127.0.0.1:0', '--data', join(base, 'data')],
  ]);
  await eventually('all three take part', async () => new Set(await names(http, 3)).size === 3);
  const trusted = join(base, 'root.pem');
  const at = `--admin 127.0.0.1:${admin}`;
  t.match(
    cli.stdout,
    `npm start -s -- ca ${at} >root.pem; curl -s --cacert root.pem https://localhost:${https}/\n`,
  );
  t.match(cli.stdout, `npm start -s -- ca ${at} also says how to trust its root\n`);
  const { stdout } = await runCli(['ca', '--admin', `127.0.0.1:${admin}`]);
  writeFileSync(trusted, stdout);
  t.match(await curl(`https://localhost:${https}/`, '--cacert', trusted), /^Hello from \w+\. .*\n 200$/);
  t.equal((await ask(http, { host: 'localhost' })).status, 200, 'and http goes on');
});

t.test('where the port of https is taken, demo goes on by http, and says so', async (t) => {
  const other = createServer().on('error', () => {});
  t.teardown(() => other.close());
  // It is taken in any case: by this test, or by who was before it.
  await new Promise<void>((resolve) =>
    other.once('error', () => resolve()).listen(8443, '127.0.0.1', resolve),
  );
  const env = { HOME: lastingFolder(t) };
  const ports = ['--http', '127.0.0.1:0', '--admin', '127.0.0.1:0', '--docker', 'off'];
  const cli = new RunningCli(['demo', ...ports], { env });
  t.teardown(() => {
    cli.child.kill('SIGKILL');
    return cli.ended;
  });
  await cli.until(/listens on 127.0.0.1:\d+, dashboard/);
  t.match(
    cli.stderr,
    'the demo goes without https: cannot listen on 127.0.0.1:8443 (https): another process listens there: ',
  );
  t.match(cli.stderr, '(--https ADDRESS takes another)');
  t.notMatch(cli.stdout, 'https://');
});

t.test('demo ends at a signal with exit code 0', async (t) => {
  const { cli } = await startCli(t, 'demo');
  cli.child.kill('SIGINT');
  t.equal((await cli.ended).code, 0);
});

t.test('where its port is taken demo says which flag takes another', async (t) => {
  const taken = await startBackend(t, 'other');
  const http = `127.0.0.1:${taken.port}`;
  const { code, stderr } = await runCli(['demo', '--http', http, '--admin', 'off', '--docker', 'off']);
  t.equal(code, 1);
  t.match(stderr, `error: cannot listen on ${http} (http): another process listens there: `);
  t.match(stderr, / \(--http ADDRESS takes another\)\n$/);
});
