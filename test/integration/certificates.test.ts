import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { systemClock } from '../../src/model/clock.ts';
import { makeCertificate, writePrivately } from '../support/certificates.ts';
import { RunningCli } from '../support/cli.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startApp } from '../support/fairlead.ts';
import { lastingFolder } from '../support/folder.ts';
import { verifyChain } from '../support/openssl.ts';

t.test(
  'a Fairlead with https has certificates of what it routes, and shows all of it but keys',
  async (t) => {
    const base = lastingFolder(t);
    const [data, certificates, config] = ['data', 'certificates', 'fairlead.yaml'].map((name) =>
      join(base, name),
    ) as [string, string, string];
    mkdirSync(certificates);
    const { certificate, key } = makeCertificate(['own.example.org'], systemClock.now());
    writePrivately(join(certificates, 'own.pem'), certificate + key);
    writePrivately(
      config,
      `services:
  shop: { host: 'shop.localhost, own.example.org, shop.example.org, *.localhost', hsts: 365d, backends: ['http://127.0.0.1:9'] }
`,
    );
    const flags = [
      '--https',
      '127.0.0.1:0',
      '--data',
      data,
      '--certificates',
      certificates,
      '--config',
      config,
    ];
    const { app, admin } = await startApp(t, ...flags);
    const get = (path: string) => ask(admin, { host: new URL(admin).host, path });

    const { body: root } = await get('/api/ca.pem');
    t.equal(root, readFileSync(join(data, 'internal/root.pem'), 'utf8'));
    const { pairs, ticketSecret } = app.keyring;
    const shop = pairs.find(({ names }) => names[0] === 'shop.localhost');
    t.equal(await verifyChain(root, shop?.certificate ?? '', 'shop.localhost', systemClock.now()), 'good');

    const explain = async (url: string) =>
      (await get(`/api/explain?subject=${encodeURIComponent(url)}`)).body;
    const explained = await Promise.all(
      ['shop.localhost', 'own.example.org', 'shop.example.org', 'any.localhost', 'elsewhere.org'].map(
        (host) => explain(`https://${host}/`),
      ),
    );
    t.match(explained, [
      /certificate: shop.localhost from the internal authority \(Fairlead.*renewed at/,
      /certificate: own.example.org from .*own.pem \(Some Authority\)/,
      /no certificate: it is a public name: put a certificate into .*certificates \(ACME is not built yet\)/,
      /no certificate: no client believes a certificate for all names right below a top-level name/,
      /no certificate: no route has this host/,
    ]);
    t.match(explained[0], /hsts=365d/);

    const snapshot = await get('/api/snapshot');
    t.match(
      JSON.parse(snapshot.body).certificates.map(({ names }: { names: string[] }) => names[0]),
      ['*.localhost', 'localhost', 'own.example.org', 'shop.example.org', 'shop.localhost'],
    );
    const told = [
      snapshot,
      await get('/api/certificates'),
      await get('/metrics'),
      ...explained.map((body) => ({ body })),
    ];
    for (const { body } of told) {
      t.notMatch(body, /PRIVATE KEY/);
      t.notOk(body.includes(ticketSecret));
      for (const pair of pairs) t.notOk(body.includes(pair.key.split('\n')[1] as string));
    }

    chmodSync(join(certificates, 'own.pem'), 0o600);
    writePrivately(join(certificates, 'own.pem'), certificate.slice(0, 300));
    await eventually('the bad edit is a problem', async () => {
      const { problems } = JSON.parse((await get('/api/snapshot')).body);
      return problems.some(({ subject }: { subject: string }) => subject.endsWith('own.pem'));
    });
    t.ok(
      app.keyring.pairs.some(({ names }) => names[0] === 'own.example.org'),
      'what was good stays in effect',
    );
  },
);

t.test('with https off there is no folder, no authority and no certificate', async (t) => {
  const data = join(lastingFolder(t), 'data');
  const { app, admin } = await startApp(t, '--docker', 'off', '--data', data);
  t.match(await ask(admin, { host: new URL(admin).host, path: '/api/ca.pem' }), { status: 404 });
  t.strictSame(app.keyring.pairs, []);
  t.throws(() => readFileSync(join(data, 'internal/root.pem')), { code: 'ENOENT' });
});

t.test('the log of the whole program tells what is wrong with a key, and no byte of any', async (t) => {
  const base = lastingFolder(t);
  const [data, certificates] = [join(base, 'data'), join(base, 'certificates')];
  mkdirSync(certificates);
  const good = makeCertificate(['own.example.org'], systemClock.now());
  writePrivately(join(certificates, 'good.pem'), good.certificate + good.key);
  const other = makeCertificate(['bad.example.org'], systemClock.now());
  writePrivately(join(certificates, 'bad.pem'), other.certificate + good.key);
  const cli = new RunningCli([
    ...['serve', '--docker', 'off', '--http', '127.0.0.1:0', '--admin', 'off', '--https', '127.0.0.1:0'],
    ...['--data', data, '--certificates', certificates, '--log-level', 'debug', '--log-format', 'json'],
  ]);
  t.teardown(() => cli.child.kill('SIGKILL'));
  await cli.until(/bad.pem: is for another key/);
  await cli.until(/listens on/);
  cli.child.kill('SIGTERM');
  const { stdout, stderr } = await cli.ended;
  const secrets = ['root.key', 'intermediate.pem'].map((file) =>
    readFileSync(join(data, 'internal', file), 'utf8'),
  );
  const lines = [good.key, ...secrets.map((text) => text.slice(text.indexOf('-----BEGIN PRIVATE')))];
  for (const text of [
    ...lines.map((key) => key.split('\n')[1]),
    readFileSync(join(data, 'tickets.key'), 'utf8').trim(),
  ])
    t.notOk((stdout + stderr).includes(text as string));
  t.notMatch(stdout + stderr, /PRIVATE KEY/);
});
