import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startBackend } from '../support/backend.ts';
import { runCli, type ServingCli, startCli } from '../support/cli.ts';
import { ask } from '../support/client.ts';
import { curl } from '../support/curl.ts';
import { lastingFolder } from '../support/folder.ts';

/** A folder with a configuration that routes two internal names, and where certificates are kept. */
async function prepare(t: Test) {
  const base = lastingFolder(t);
  const { port } = await startBackend(t, 'shop');
  const config = join(base, 'fairlead.yaml');
  const data = join(base, 'data');
  const backends = `backends: ['http://127.0.0.1:${port}']`;
  writeFileSync(
    config,
    `services:
  shop: { host: 'shop.localhost, shop.internal', ${backends} }
  moved: { host: moved.localhost, https: redirect, ${backends} }
`,
  );
  const flags = ['--https', '127.0.0.1:0', '--data', data, '--config', config];
  return { base, data, flags };
}

async function rootOf({ admin }: ServingCli): Promise<string> {
  const { code, stdout, stderr } = await runCli(['ca', '--admin', `127.0.0.1:${admin}`]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

for (const workers of ['1', '2'])
  t.test(`whoever trusts the root is served by https, by ${workers} of --workers`, async (t) => {
    const { base, flags } = await prepare(t);
    const serving = await startCli(t, 'serve', [...flags, '--workers', workers]);
    const trusted = join(base, 'root.pem');
    writeFileSync(trusted, await rootOf(serving));
    for (const host of ['shop.localhost', 'shop.internal']) {
      const url = `https://${host}:${serving.https}/`;
      t.match(await curl(url, '--cacert', trusted), /shop 200$/, host);
      t.equal(await curl(url), 'exit 60', 'nobody else believes it');
    }
    t.equal(
      await curl(`https://unknown.internal:${serving.https}/`, '--cacert', trusted),
      'exit 35',
      'a name without a certificate gets no handshake',
    );
  });

t.test('who asks by http is led to https where the route says so, and served elsewhere', async (t) => {
  const { flags } = await prepare(t);
  const { http, https } = await startCli(t, 'serve', flags);
  t.equal(await curl(`http://shop.localhost:${http}/`), 'shop 200');
  const { status, headers } = await ask(http, { host: `moved.localhost:${http}`, path: '/a?b' });
  t.equal(status, 308);
  t.equal(headers['location'], `https://moved.localhost:${https}/a?b`);
});

t.test('a restart shows certificates of the same root', async (t) => {
  const { base, flags } = await prepare(t);
  const first = await startCli(t, 'serve', flags);
  const root = await rootOf(first);
  first.cli.child.kill('SIGTERM');
  t.equal((await first.cli.ended).code, 0);
  const second = await startCli(t, 'serve', flags);
  t.equal(await rootOf(second), root);
  const trusted = join(base, 'root.pem');
  writeFileSync(trusted, root);
  t.match(await curl(`https://shop.localhost:${second.https}/`, '--cacert', trusted), /shop 200$/);
});

t.test('clients that speak no newer version than --tls-min wants are refused', async (t) => {
  const { base, flags } = await prepare(t);
  const serving = await startCli(t, 'serve', [...flags, '--tls-min', '1.3']);
  const trusted = join(base, 'root.pem');
  writeFileSync(trusted, await rootOf(serving));
  const url = `https://shop.localhost:${serving.https}/`;
  t.equal(await curl(url, '--cacert', trusted, '--tls-max', '1.2'), 'exit 35');
  t.match(await curl(url, '--cacert', trusted), /shop 200$/);
});

t.test(
  'the listener with TLS has its name wherever listeners are told, and no key is told anywhere',
  async (t) => {
    const { data, flags } = await prepare(t);
    const { cli, https, admin } = await startCli(t, 'serve', [...flags, '--log-level', 'debug']);
    const at = ['--admin', `127.0.0.1:${admin}`];
    const status = await runCli(['status', ...at]);
    t.match(status.stdout, `listener https (127.0.0.1:${https}): 0 connections`);
    const json = await runCli(['status', '--json', ...at]);
    t.match(JSON.parse(json.stdout).listeners, [
      { name: 'http', tls: false },
      { name: 'https', address: `127.0.0.1:${https}`, protocol: 'http', tls: true, connections: 0 },
    ]);
    const explained = await runCli(['explain', 'https://shop.internal/', ...at]);
    t.match(explained.stdout, /certificate: shop.internal from the internal authority/);
    const metrics = await ask(admin, { path: '/metrics' });
    t.match(metrics.body, 'fairlead_client_connections{listener="https"} 0');
    const snapshot = await ask(admin, { path: '/api/snapshot' });
    const told = [status, json, explained].map(({ stdout, stderr }) => stdout + stderr);
    const all = [...told, metrics.body, snapshot.body, cli.stdout, cli.stderr].join('');
    for (const secret of secretsIn(t, data)) t.notOk(all.includes(secret));
  },
);

/** Lines that only keys and seeds have. */
function secretsIn(t: Test, data: string): string[] {
  const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.key'),
  );
  const lines = files.flatMap((name) => readFileSync(join(data, name), 'utf8').split('\n'));
  const secrets = lines.filter((line) => line !== '' && !line.startsWith('-----'));
  t.ok(secrets.length > 2, 'there are some');
  return secrets;
}
