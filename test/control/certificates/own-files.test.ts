import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readText } from '../../../src/config/text-file.ts';
import { OwnFiles } from '../../../src/control/certificates/own-files.ts';
import { formatProblem } from '../../../src/model/problem.ts';
import { makeCertificate, writePrivately } from '../../support/certificates.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { eventually } from '../../support/eventually.ts';

/** As outside of a container, where there is nobody else. */
const isForAll = (path: string) => (statSync(path).mode & 0o004) !== 0;

const NOW = new FakeClock().now();
const DAY = 86_400_000;

/** Own files in a folder, looked at for the first time once `fill` has filled it. */
async function watch(t: Test, fill: (folder: string) => void, file?: string) {
  const folder = join(t.testdir({}), 'certificates');
  mkdirSync(folder);
  fill(folder);
  const clock = new FakeClock();
  let changes = 0;
  /** Lets looks happen until something is so: files are read by other threads, which the clock does not move. */
  const until = (isSo: () => boolean) =>
    eventually('the files are read', async () => {
      await clock.advance(1_000);
      await settle();
      return isSo();
    });
  const own = new OwnFiles(
    { folder, file: file && join(folder, file) },
    clock,
    { readText, isForAll },
    () => {
      changes++;
    },
  );
  t.teardown(() => own.stop());
  await own.start();
  return {
    folder,
    clock,
    own,
    changes: () => changes,
    names: () => own.pairs.map(({ pair }) => pair.names.join()),
    problems: () => own.problems(clock.now()).map((one) => formatProblem(one).replaceAll(folder, '')),
    until,
    /** As many looks, begun and ended, as a change takes to be read. */
    async look() {
      for (let looks = 0; looks < 3; looks++) await until(() => clock.pending > 0);
    },
  };
}

t.test('a file counts for the names in it, with its key in it or beside it', async (t) => {
  const { names, problems, own } = await watch(t, (folder) => {
    const [one, other] = [
      makeCertificate(['Shop.example.org', '*.shop.example.org'], NOW),
      makeCertificate(['10.0.0.1', '::1'], NOW),
    ];
    writePrivately(join(folder, 'a.pem'), one.key + one.certificate);
    writeFileSync(join(folder, 'b.crt'), other.certificate);
    writePrivately(join(folder, 'b.key'), other.key);
  });
  t.strictSame(names(), ['shop.example.org,*.shop.example.org', '10.0.0.1,::1']);
  t.strictSame(problems(), []);
  t.match(own.pairs[0]?.pair, { source: 'file', issuer: 'Some Authority', isPublic: true });
  t.ok(Object.isFrozen(own.pairs[0]?.pair));
});

t.test('what else lies there is no mistake: keys, authorities, hidden files, other files', async (t) => {
  const { names, problems } = await watch(t, (folder) => {
    const { certificate, key } = makeCertificate(['a.example.org'], NOW);
    writePrivately(join(folder, 'privkey.pem'), key);
    writeFileSync(join(folder, '.hidden.pem'), certificate);
    writeFileSync(join(folder, 'README'), 'how to renew');
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj'],
        ...['/CN=clients', '-keyout', '/dev/null', '-out', join(folder, 'clients.crt')],
      ],
      { stdio: 'ignore' },
    );
  });
  t.strictSame([names(), problems()], [[], []]);
});

t.test('the certificate of the key comes first, wherever it stands in its file', async (t) => {
  const { own } = await watch(t, (folder) => {
    const [one, other] = [makeCertificate(['a.test'], NOW), makeCertificate(['b.test'], NOW)];
    writePrivately(join(folder, 'a.pem'), other.certificate + one.certificate + one.key);
  });
  t.strictSame(own.pairs[0]?.pair.names, ['a.test']);
  t.match(own.pairs[0]?.pair.certificate.match(/BEGIN CERTIFICATE/g), { length: 2 });
});

t.test('a certificate that vouches for itself, or of a staging authority, is not public', async (t) => {
  const { own } = await watch(t, (folder) => {
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', '/CN=self', '-addext', 'subjectAltName=DNS:self.example.org', '-keyout'],
        ...[join(folder, 'self.key'), '-out', join(folder, 'self.crt')],
      ],
      { stdio: 'ignore' },
    );
    chmodSync(join(folder, 'self.key'), 0o600);
    const staged = makeCertificate(['staged.example.org'], NOW, { issuer: '(STAGING) Counterfeit Cashew' });
    writePrivately(join(folder, 'staged.pem'), staged.certificate + staged.key);
  });
  t.strictSame(
    own.pairs.map(({ pair }) => [pair.names.join(), pair.isPublic]),
    [
      ['self.example.org', false],
      ['staged.example.org', false],
    ],
  );
});

const BAD: readonly (readonly [what: string, problem: RegExp, spoil: (path: string) => void])[] = [
  [
    'half written',
    /^\/a.pem: is not whole/,
    (path) => writeFileSync(path, makePem(['a.test']).slice(0, 200)),
  ],
  ['empty', /^\/a.pem: has no PEM in it/, (path) => writeFileSync(path, '')],
  [
    'unreadable nonsense',
    /^\/a.pem: has a certificate in it that cannot be read/,
    (path) => writeFileSync(path, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  ],
  [
    'with the key of another',
    /^\/a.pem: is for another key/,
    (path) =>
      writeFileSync(
        path,
        makeCertificate(['a.test'], NOW).certificate + makeCertificate(['b.test'], NOW).key,
      ),
  ],
  [
    'without its key',
    /^\/a.pem: has no key: .* \(its key would be \/a.key\)/,
    (path) => writeFileSync(path, makeCertificate(['a.test'], NOW).certificate),
  ],
  [
    'with two keys',
    /^\/a.pem: has more than one private key/,
    (path) => writeFileSync(path, makePem(['a.test']) + makeCertificate(['b.test'], NOW).key),
  ],
  [
    'over',
    /^\/a.pem: is over since 2023-11-13/,
    (path) => writeFileSync(path, makePem(['a.test'], { from: NOW - 31 * DAY, days: 30 })),
  ],
  [
    'not yet good',
    /^\/a.pem: is not good before 2023-11-15/,
    (path) => writeFileSync(path, makePem(['a.test'], { from: NOW + DAY })),
  ],
  ['for nobody', /^\/a.pem: names nobody/, (path) => writeFileSync(path, makePem([]))],
  [
    'a pipe',
    /^\/a.pem: is no file/,
    (path) => {
      unlinkSync(path);
      execFileSync('mkfifo', [path]);
    },
  ],
  [
    'a link to nowhere',
    /^\/a.pem: cannot be read: no such file/,
    (path) => {
      unlinkSync(path);
      symlinkSync('nowhere', path);
    },
  ],
];

function makePem(names: string[], more = {}): string {
  const { certificate, key } = makeCertificate(names, NOW, more);
  return certificate + key;
}

for (const [what, problem, spoil] of BAD)
  t.test(`an edit that leaves a file ${what} leaves what was good in effect, and is told`, async (t) => {
    const { folder, own, problems, until } = await watch(t, (folder) =>
      writePrivately(join(folder, 'a.pem'), makePem(['good.test'])),
    );
    const [good] = own.pairs;
    spoil(join(folder, 'a.pem'));
    await until(() => problems().length > 0);
    t.match(problems(), [problem]);
    t.match(problems(), [/; the one before stays in effect/]);
    t.notMatch(problems().join(), /PRIVATE KEY/);
    t.equal(own.pairs[0]?.pair, good?.pair);
    t.match(own.pairs[0]?.error, /./);
    rmSync(join(folder, 'a.pem'));
    writePrivately(join(folder, 'a.pem'), makePem(['better.test']));
    await until(() => own.pairs[0]?.pair.names[0] === 'better.test');
    t.strictSame(problems(), []);
  });

t.test('a key that everybody can read is refused, in the file or beside it', async (t) => {
  const { folder, problems, names, until } = await watch(t, (folder) => {
    writeFileSync(join(folder, 'a.pem'), makePem(['a.test']), { mode: 0o644 });
    const { certificate, key } = makeCertificate(['b.test'], NOW);
    writeFileSync(join(folder, 'b.crt'), certificate);
    writeFileSync(join(folder, 'b.key'), key, { mode: 0o604 });
  });
  t.match(problems(), [
    /^\/a.pem: has a key that every user of this machine can read \(chmod 640 \/a.pem\)/,
    /^\/b.crt: has a key .* \(chmod 640 \/b.key\)/,
  ]);
  chmodSync(join(folder, 'a.pem'), 0o640);
  chmodSync(join(folder, 'b.key'), 0o600);
  await until(() => names().length === 2);
  t.strictSame(problems(), []);
});

t.test('a key with a passphrase is told what to do about it', async (t) => {
  const { problems } = await watch(t, (folder) => {
    const { certificate, key } = makeCertificate(['a.test'], NOW);
    const sealed = execFileSync('openssl', ['pkey', '-aes256', '-passout', 'pass:secret'], { input: key });
    writePrivately(join(folder, 'a.pem'), certificate + sealed);
  });
  t.match(problems(), [/wants a passphrase \(take it off: openssl pkey/]);
});

t.test('a certificate that wants answers of OCSP, or a key that is too weak, is refused', async (t) => {
  const { problems, names } = await watch(t, (folder) => {
    const make = (name: string, ...more: string[]) => {
      execFileSync(
        'openssl',
        [
          ...['req', '-x509', '-nodes', '-subj', '/CN=a', '-addext', 'subjectAltName=DNS:a.test', ...more],
          ...['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.crt`)],
        ],
        { stdio: 'ignore' },
      );
      chmodSync(join(folder, `${name}.key`), 0o600);
    };
    make(
      'staple',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-addext',
      'tlsfeature=status_request',
    );
    make('weak', '-newkey', 'rsa:512');
  });
  t.strictSame(names(), []);
  t.match(problems(), [
    /^\/staple.crt: wants answers of OCSP/,
    /^\/weak.crt: is refused by OpenSSL: ee key too small/,
  ]);
});

t.test('certificate and key that are replaced one after the other are taken together', async (t) => {
  const make = () => makeCertificate(['a.test'], NOW);
  const [old, young] = [make(), make()];
  const { folder, own, clock, problems, look, changes } = await watch(t, (folder) => {
    writeFileSync(join(folder, 'a.crt'), old.certificate);
    writePrivately(join(folder, 'a.key'), old.key);
  });
  const before = changes();
  writeFileSync(join(folder, 'a.crt'), young.certificate);
  await clock.advance(1_000);
  await eventually('a look between the two has ended', () => clock.pending > 0);
  t.strictSame(problems(), []);
  writePrivately(join(folder, 'a.key'), young.key);
  await look();
  t.equal(own.pairs[0]?.pair.key, young.key);
  t.strictSame(problems(), []);
  t.equal(changes(), before + 1);
});

t.test('a file put in place of another is taken whole, and one that is gone is gone', async (t) => {
  const { folder, names, problems, until } = await watch(t, (folder) =>
    writePrivately(join(folder, 'a.pem'), makePem(['old.test'])),
  );
  writePrivately(join(folder, 'a.new'), makePem(['young.test']));
  renameSync(join(folder, 'a.new'), join(folder, 'a.pem'));
  await until(() => names()[0] === 'young.test');
  unlinkSync(join(folder, 'a.pem'));
  await until(() => names().length === 0);
  t.strictSame(problems(), []);
});

t.test('a file that is touched is the same pair', async (t) => {
  const { folder, own, look, changes } = await watch(t, (folder) =>
    writePrivately(join(folder, 'a.pem'), makePem(['a.test'])),
  );
  const [first] = own.pairs;
  const before = changes();
  chmodSync(join(folder, 'a.pem'), 0o400);
  await look();
  t.equal(own.pairs[0]?.pair, first?.pair);
  t.equal(changes(), before);
});

t.test('a folder that is gone leaves in effect what was in it, and is told', async (t) => {
  const { folder, names, problems, until } = await watch(t, (folder) =>
    writePrivately(join(folder, 'a.pem'), makePem(['a.test'])),
  );
  renameSync(folder, `${folder}-elsewhere`);
  await until(() => problems().length > 0);
  t.match(problems(), ['cannot be read: there is no such folder']);
  t.strictSame(names(), ['a.test']);
  renameSync(`${folder}-elsewhere`, folder);
  await until(() => problems().length === 0);
});

t.test('what is over at the start is served all the same, and shouted about', async (t) => {
  const { names, problems } = await watch(t, (folder) =>
    writePrivately(join(folder, 'a.pem'), makePem(['a.test'], { from: NOW - 31 * DAY, days: 30 })),
  );
  t.strictSame(names(), ['a.test']);
  t.match(problems(), [/^\/a.pem: is over since 2023-11-13.* \(renew it\)/]);
});

t.test('a certificate of which a tenth is left is a notice, one that is over an error', async (t) => {
  const { own } = await watch(t, (folder) => writePrivately(join(folder, 'a.pem'), makePem(['a.test'])));
  const severities = (days: number) => own.problems(NOW + days * DAY).map(({ severity }) => severity);
  t.strictSame([severities(79), severities(81), severities(90)], [[], ['notice'], ['error']]);
});

t.test('the file for the nameless is one of them, in whatever folder', async (t) => {
  const { own } = await watch(
    t,
    (folder) => writePrivately(join(folder, 'any'), makePem(['any.test'])),
    'any',
  );
  t.strictSame(own.single?.pair.names, ['any.test']);
  t.strictSame(own.pairs.length, 1);
});

t.test('a file that is away for a moment, to be written anew, is not missed', async (t) => {
  const { folder, names, clock, look } = await watch(t, (folder) =>
    writePrivately(join(folder, 'a.pem'), makePem(['a.test'])),
  );
  unlinkSync(join(folder, 'a.pem'));
  await clock.advance(1_000);
  await eventually('one look has ended', () => clock.pending > 0);
  t.strictSame(names(), ['a.test']);
  writePrivately(join(folder, 'a.pem'), makePem(['b.test']));
  await look();
  t.strictSame(names(), ['b.test']);
});
