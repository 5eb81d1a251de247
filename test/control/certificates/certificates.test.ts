import { chmodSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type CertificateOptions, Certificates } from '../../../src/control/certificates/certificates.ts';
import { type Keyring, pairFor } from '../../../src/model/keyring.ts';
import { formatProblem } from '../../../src/model/problem.ts';
import type { Route, RouteTls } from '../../../src/model/route.ts';
import { internalErrors } from '../../../src/telemetry/internal-errors.ts';
import { makeCertificate, writePrivately } from '../../support/certificates.ts';
import { FakeClock } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';
import { lastingFolder } from '../../support/folder.ts';
import { verifyChain } from '../../support/openssl.ts';

const NOW = new FakeClock().now();
const DAY = 86_400_000;
const MINUTE = 60_000;

function routesTo(...hosts: (string | [string, RouteTls])[]): Route[] {
  return hosts.map((one) => {
    const [host, tls] = typeof one === 'string' ? [one, {}] : one;
    return { host, path: '/', priority: 0, stripPrefix: false, service: host, ...tls };
  });
}

/** Certificates with a folder for data and one for own files, started and settled. */
async function start(
  t: Test,
  given: Partial<CertificateOptions> & { base?: string; fill?: (folder: string) => void } = {},
  routes: Route[] = [],
) {
  const { base = lastingFolder(t), fill, ...options } = given;
  const folder = join(base, 'certificates');
  mkdirSync(folder, { recursive: true });
  fill?.(folder);
  const clock = new FakeClock();
  const files = { readText: (path: string) => readFileSync(path, 'utf8'), isForAll: () => false };
  const data = join(base, 'data');
  const all = { data, certificates: folder, defaultCertificate: 'none', files, ...options } as const;
  const certificates = new Certificates(all, clock, () => {});
  t.teardown(() => certificates.stop());
  const keyrings: Keyring[] = [];
  certificates.subscribe((keyring) => keyrings.push(keyring));
  certificates.start();
  await certificates.settle(routes, MINUTE);
  return {
    base,
    data,
    folder,
    clock,
    certificates,
    keyrings,
    problems: () => certificates.problems.map(formatProblem),
    /** Moves time, and waits until something is so: keys are made and files read beside our own thread. */
    until: (isSo: () => boolean, ms = 1_000) =>
      eventually('it is so', async () => {
        await clock.advance(ms);
        return isSo();
      }),
  };
}

t.test('the first keyring has what the routes want, in one piece', async (t) => {
  const { keyrings, certificates } = await start(
    t,
    {},
    routesTo('shop.localhost', 'shop.example.org', '10.0.0.7'),
  );
  t.equal(keyrings.length, 1);
  const [keyring] = keyrings as [Keyring];
  t.equal(keyring, certificates.keyring);
  t.strictSame(
    keyring.pairs.map(({ names }) => names.join()),
    ['localhost,127.0.0.1,::1', 'shop.localhost', '10.0.0.7'],
  );
  t.match(keyring.ticketSecret, /^[0-9a-f]{64}$/);
  t.equal(keyring.fallback, undefined);
  const { certificate } = pairFor(keyring, 'shop.localhost') as { certificate: string };
  t.equal(await verifyChain(certificates.root as string, certificate, 'shop.localhost', NOW), 'good');
});

t.test('a keyring is frozen through and through', async (t) => {
  const { certificates } = await start(t);
  const { keyring } = certificates;
  t.ok(Object.isFrozen(keyring) && Object.isFrozen(keyring.pairs));
  for (const pair of keyring.pairs) t.ok(Object.isFrozen(pair) && Object.isFrozen(pair.names));
});

t.test('routes come and go, and so do their certificates; what stays is the very same', async (t) => {
  const { certificates, keyrings, until } = await start(t, {}, routesTo('a.test'));
  const before = pairFor(certificates.keyring, 'a.test');
  certificates.want(routesTo('a.test', 'b.test'));
  await until(() => pairFor(certificates.keyring, 'b.test') !== undefined, 0);
  t.equal(pairFor(certificates.keyring, 'a.test'), before);
  certificates.want(routesTo('b.test'));
  await until(() => pairFor(certificates.keyring, 'a.test') === undefined, 0);
  t.strictSame(
    keyrings.map(({ version }) => version),
    [1, 2, 3],
  );
});

t.test('routes that change nothing make no other keyring', async (t) => {
  const { certificates, keyrings, clock } = await start(t, {}, routesTo('a.test'));
  certificates.want(routesTo('a.test', ['shop.example.org', { tls: 'off' }]));
  await certificates.settle(routesTo('a.test'), MINUTE);
  await clock.advance(10 * MINUTE);
  t.equal(keyrings.length, 1);
});

t.test(
  'a certificate of seven days is renewed at half of them, without a moment that has none',
  async (t) => {
    const { certificates, clock, keyrings, until } = await start(t, {}, routesTo('a.test'));
    const first = pairFor(certificates.keyring, 'a.test');
    clock.skip(3.4 * DAY);
    await until(() => keyrings.length > 1, MINUTE);
    t.equal(
      pairFor(certificates.keyring, 'a.test'),
      first,
      'only the secret of tickets is another one before that',
    );
    clock.skip(0.2 * DAY);
    await until(() => pairFor(certificates.keyring, 'a.test') !== first, MINUTE);
    t.ok(keyrings.every((keyring) => pairFor(keyring, 'a.test') !== undefined));
    const renewed = pairFor(certificates.keyring, 'a.test') as { certificate: string };
    t.equal(
      await verifyChain(certificates.root as string, renewed.certificate, 'a.test', clock.now()),
      'good',
    );
  },
);

t.test('the secret of tickets is another one after twelve hours, with the same pairs', async (t) => {
  const { clock, keyrings, until } = await start(t);
  clock.skip(13 * 3_600_000);
  await until(() => keyrings.length > 1, MINUTE);
  const [before, after] = keyrings as [Keyring, Keyring];
  t.not(after.ticketSecret, before.ticketSecret);
  t.equal(after.pairs[0], before.pairs[0]);
});

t.test('two that share a folder have one root and one secret', async (t) => {
  const base = lastingFolder(t);
  const [a, b] = await Promise.all([start(t, { base }), start(t, { base })]);
  t.equal(a.certificates.root, b.certificates.root);
  t.equal(a.certificates.keyring.ticketSecret, b.certificates.keyring.ticketSecret);
});

t.test(
  'an own file is taken at once, instead of the internal authority, and again when it changes',
  async (t) => {
    const own = (name: string) => {
      const { certificate, key } = makeCertificate([name], NOW);
      return certificate + key;
    };
    const { certificates, folder, until } = await start(
      t,
      { fill: (folder) => writePrivately(join(folder, 'a.pem'), own('a.test')) },
      routesTo('a.test', 'b.test', 'shop.example.org'),
    );
    const source = (name: string) => pairFor(certificates.keyring, name)?.source;
    t.strictSame(['a.test', 'b.test', 'shop.example.org'].map(source), ['file', 'internal', undefined]);
    writePrivately(join(folder, 'b.pem'), own('shop.example.org'));
    await until(() => source('shop.example.org') === 'file');
    unlinkSync(join(folder, 'a.pem'));
    await until(() => source('a.test') === 'internal');
  },
);

t.test('who names nobody gets nothing, that of localhost, or that of a file', async (t) => {
  const base = lastingFolder(t);
  t.equal((await start(t, { base })).certificates.keyring.fallback, undefined);
  const { certificates } = await start(t, { base, defaultCertificate: 'internal' });
  t.equal(certificates.keyring.fallback, pairFor(certificates.keyring, 'localhost'));
  const file = join(base, 'any.pem');
  const { certificate, key } = makeCertificate(['any.example.org'], NOW);
  writePrivately(file, certificate + key);
  const other = await start(t, { base, defaultCertificate: { file } });
  t.strictSame(other.certificates.keyring.fallback?.names, ['any.example.org']);
  t.equal(pairFor(other.certificates.keyring, 'any.example.org'), other.certificates.keyring.fallback);
});

t.test(
  'a folder that is not private costs internal certificates alone, is told, and is tried again',
  async (t) => {
    const base = lastingFolder(t);
    mkdirSync(join(base, 'data'));
    chmodSync(join(base, 'data'), 0o755);
    const { certificates, data, problems, until } = await start(
      t,
      {
        base,
        fill: (folder) => {
          const { certificate, key } = makeCertificate(['shop.example.org'], NOW);
          writePrivately(join(folder, 'a.pem'), certificate + key);
        },
      },
      routesTo('a.test'),
    );
    t.match(problems(), [
      `${data}: is not for its owner alone (755), and has private keys in it (chmod 700 ${data})`,
    ]);
    t.strictSame(
      certificates.keyring.pairs.map(({ source }) => source),
      ['file'],
    );
    t.match(certificates.keyring.ticketSecret, /^[0-9a-f]{64}$/);
    chmodSync(data, 0o700);
    await until(() => pairFor(certificates.keyring, 'a.test') !== undefined, MINUTE);
    t.strictSame(problems(), []);
  },
);

t.test('a folder that breaks while it runs leaves what there was in effect', async (t) => {
  const { certificates, data, problems, until } = await start(t, {}, routesTo('a.test'));
  const before = pairFor(certificates.keyring, 'a.test');
  renameSync(data, `${data}-elsewhere`);
  writeFileSync(data, '');
  await until(() => problems().length > 0, MINUTE);
  t.equal(pairFor(certificates.keyring, 'a.test'), before);
  t.match(certificates.report.find(({ names }) => names[0] === 'a.test')?.error, /data cannot be used/);
});

t.test('without a place for data there is a problem that says so, and own files serve', async (t) => {
  const { problems, certificates } = await start(t, { data: undefined });
  t.match(problems(), [/^options: data: there is no folder .* \(name one: --data DIR\)/]);
  t.strictSame(certificates.keyring.pairs, []);
});

t.test('a label that asks the internal authority for a public name is told why not', async (t) => {
  const { problems } = await start(
    t,
    {},
    routesTo(['bank.example.org', { tls: 'internal' }], 'shop.example.org'),
  );
  t.match(problems(), [
    /^bank.example.org: tls: the internal authority does not sign for it: it is a public name: put a certificate into .*\/certificates/,
  ]);
});

t.test('people see all that is there, until when and why, and what is missing', async (t) => {
  const { certificates, folder } = await start(
    t,
    {
      fill: (folder) => {
        const { certificate, key } = makeCertificate(['own.example.org'], NOW);
        writePrivately(join(folder, 'own.pem'), certificate + key);
      },
    },
    routesTo('a.test', 'own.example.org', 'shop.example.org'),
  );
  t.match(certificates.report, [
    {
      names: ['a.test'],
      source: 'internal',
      notAfter: NOW + 7 * DAY,
      isPublic: false,
      why: 'half of its life is left then',
    },
    { names: ['localhost', '127.0.0.1', '::1'] },
    {
      names: ['own.example.org'],
      source: 'file',
      file: join(folder, 'own.pem'),
      issuer: 'Some Authority',
      isPublic: true,
    },
    {
      names: ['shop.example.org'],
      source: 'none',
      why: /^it is a public name: put a certificate into .* \(ACME is not built yet\)/,
    },
  ]);
  t.match(
    certificates.describe('a.test', 'a.test'),
    /^certificate: a.test from the internal authority \(Fairlead.*\), until 2023-11-21T.*, renewed at 2023-11-18T.*, as half of its life is left then/,
  );
  t.match(
    certificates.describe('own.example.org', undefined),
    /^certificate: own.example.org from .*own.pem \(Some Authority\), until .*, whoever puts the file there renews it/,
  );
  t.match(
    certificates.describe('shop.example.org', 'shop.example.org'),
    /^no certificate: it is a public name: put/,
  );
  t.match(certificates.describe('elsewhere.org', undefined), 'no certificate: no route has this host');
});

t.test('nothing that people see has a key or a secret in it', async (t) => {
  const { certificates, problems } = await start(
    t,
    { defaultCertificate: 'internal' },
    routesTo('a.test', 'b.org'),
  );
  const { pairs, ticketSecret } = certificates.keyring;
  const told = JSON.stringify([
    certificates.report,
    problems(),
    certificates.root,
    certificates.describe('a.test', 'a.test'),
  ]);
  t.notMatch(told, /PRIVATE KEY/);
  t.notOk(told.includes(ticketSecret));
  for (const { key } of pairs) t.notOk(told.includes(key.split('\n')[1] as string));
});

t.test('hundreds of names are all there, and nothing broke', async (t) => {
  const hosts = Array.from({ length: 300 }, (_, i) => `host-${i}.test`);
  const before = JSON.stringify(internalErrors.counts);
  const { certificates, keyrings } = await start(t, {}, routesTo(...hosts));
  t.ok(hosts.every((host) => pairFor(certificates.keyring, host)?.names[0] === host));
  t.equal(keyrings.length, 1);
  t.equal(JSON.stringify(internalErrors.counts), before);
});
