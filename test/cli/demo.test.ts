import t from 'tap';
import { startBackend } from '../support/backend.ts';
import { runCli, startCli } from '../support/cli.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';

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
