import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { Authority } from '../../../src/control/certificates/authority.ts';
import { DataFolder } from '../../../src/control/certificates/folder.ts';
import { makeKey, signCertificate } from '../../../src/control/certificates/x509.ts';
import type { KeyPair } from '../../../src/model/keyring.ts';
import { verifyChain } from '../../support/openssl.ts';

const NOW = Date.UTC(2026, 10, 27, 12);
const DAY = 86_400_000;

async function makeAuthority(t: Test, now = NOW) {
  const path = join(t.testdir({}), 'data');
  const authority = new Authority(new DataFolder(path));
  await authority.prepare(now);
  return { path, authority };
}

/** What openssl says of a pair to whoever trusts the root of the authority. */
function verify(root: string, { certificate }: Pick<KeyPair, 'certificate'>, name: string, at = NOW) {
  return verifyChain(root, certificate, name, at);
}

t.test('openssl believes a chain for internal names and addresses, of whoever trusts the root', async (t) => {
  const { authority } = await makeAuthority(t);
  const names = [
    'localhost',
    'shop.localhost',
    '*.shop.internal',
    'nas.home.arpa',
    '127.0.0.1',
    '::1',
    '192.168.7.1',
  ];
  const pair = await authority.issue(names, NOW);
  const root = authority.root as string;
  for (const name of ['localhost', 'shop.localhost', 'a.shop.internal', 'nas.home.arpa', '127.0.0.1', '::1'])
    t.equal(await verify(root, pair, name), 'good', name);
  t.match(await verify(root, pair, 'other.localhost'), /hostname mismatch/i);
  t.equal(pair.isPublic, false);
  t.strictSame(pair.names, names);
});

t.test('openssl believes nothing public that somebody signs with stolen keys', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const pem = readFileSync(join(path, 'internal/intermediate.pem'), 'utf8');
  const key = createPrivateKey(pem.slice(pem.indexOf('-----BEGIN PRIVATE')));
  const name = /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1] as string;
  const life = { notBefore: NOW - DAY, notAfter: NOW + DAY };
  for (const [stolen, error] of [
    ['bank.example.com', /permitted subtree violation/],
    ['notlocalhost', /permitted subtree violation/],
    ['8.8.8.8', /permitted subtree violation/],
    ['shop.localhost', /^good$/],
  ] as const) {
    const request = { kind: 'server', names: [stolen], publicKey: makeKey().publicKey, ...life } as const;
    const certificate = signCertificate(request, { name, key }) + pem;
    t.match(await verify(authority.root as string, { certificate }, stolen), error, stolen);
  }
});

t.test('the intermediate can make no authority below it', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const pem = readFileSync(join(path, 'internal/intermediate.pem'), 'utf8');
  const key = createPrivateKey(pem.slice(pem.indexOf('-----BEGIN PRIVATE')));
  const name = /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1] as string;
  const life = { notBefore: NOW - DAY, notAfter: NOW + DAY };
  const [below, leaf] = [makeKey(), makeKey()];
  const authorityBelow = {
    kind: 'authority',
    name: 'below',
    pathLength: 0,
    publicKey: below.publicKey,
    ...life,
  } as const;
  const server = { kind: 'server', names: ['localhost'], publicKey: leaf.publicKey, ...life } as const;
  const chain =
    signCertificate(server, { name: 'below', key: below.privateKey }) +
    signCertificate(authorityBelow, { name, key }) +
    pem;
  t.match(await verify(authority.root as string, { certificate: chain }, 'localhost'), /path length/);
});

t.test(
  'certificates live as long as they say: root ten years, intermediate one, leaf seven days',
  async (t) => {
    const { path, authority } = await makeAuthority(t);
    const pair = await authority.issue(['localhost'], NOW);
    t.equal(pair.notAfter, NOW + 7 * DAY);
    t.ok(pair.notBefore < NOW, 'a clock that is slow believes it');
    const leaf = new X509Certificate(pair.certificate);
    t.equal(leaf.validToDate.getTime(), pair.notAfter);
    t.equal(leaf.validFromDate.getTime(), pair.notBefore);
    t.equal(leaf.subject, undefined, 'its names stand in one place alone');
    const life = (file: string) =>
      new X509Certificate(readFileSync(join(path, file))).validToDate.getTime() - NOW;
    t.equal(life('internal/root.pem'), 3_653 * DAY);
    t.equal(life('internal/intermediate.pem'), 365 * DAY);
  },
);

t.test('nobody but the owner can read what is kept, whatever the umask', async (t) => {
  const before = process.umask(0);
  t.teardown(() => process.umask(before));
  const { path } = await makeAuthority(t);
  const mode = (file: string) => (statSync(join(path, file)).mode & 0o777).toString(8);
  t.strictSame(['', 'internal'].map(mode), ['700', '700']);
  t.strictSame(readdirSync(join(path, 'internal')).sort(), ['intermediate.pem', 'root.key', 'root.pem']);
  for (const file of ['root.key', 'root.pem', 'intermediate.pem'])
    t.equal(mode(`internal/${file}`), '600', file);
});

t.test('a folder or a key that others can read is refused, with what mends it', async (t) => {
  const { path, authority } = await makeAuthority(t);
  for (const [file, open, command] of [
    ['', 0o750, `chmod 700 ${path}`],
    ['internal/root.key', 0o644, `chmod 600 ${path}/internal/root.key`],
    ['internal/intermediate.pem', 0o640, `chmod 600 ${path}/internal/intermediate.pem`],
  ] as const) {
    const { mode } = statSync(join(path, file));
    chmodSync(join(path, file), open);
    await t.rejects(authority.prepare(NOW), { message: /is not for its owner alone/, hint: command }, file);
    chmodSync(join(path, file), mode & 0o777);
  }
  await authority.prepare(NOW);
});

t.test('after a restart it is the same authority', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const again = new Authority(new DataFolder(path));
  await again.prepare(NOW + DAY);
  t.equal(again.root, authority.root);
  t.equal(await verify(authority.root as string, await again.issue(['localhost'], NOW), 'localhost'), 'good');
});

t.test('processes that start at one time on one empty folder become one authority', async (t) => {
  const path = join(t.testdir({}), 'data');
  const all = Array.from({ length: 8 }, () => new Authority(new DataFolder(path)));
  await Promise.all(all.map((one) => one.prepare(NOW)));
  const roots = new Set(all.map(({ root }) => root));
  t.equal(roots.size, 1);
  const [root] = roots;
  for (const one of all)
    t.equal(await verify(root as string, await one.issue(['localhost'], NOW), 'localhost'), 'good');
  t.strictSame(
    readdirSync(join(path, 'internal')).sort(),
    ['intermediate.pem', 'root.key', 'root.pem'],
    'nothing is left over',
  );
});

t.test('the intermediate is renewed when a third of its life is left, below the same root', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const file = join(path, 'internal/intermediate.pem');
  const first = readFileSync(file, 'utf8');
  const { root } = authority;
  await authority.prepare(NOW + 240 * DAY);
  t.equal(readFileSync(file, 'utf8'), first);
  const later = NOW + 245 * DAY;
  await authority.prepare(later);
  t.not(readFileSync(file, 'utf8'), first);
  t.equal(authority.root, root);
  t.equal(
    await verify(root as string, await authority.issue(['localhost'], later), 'localhost', later),
    'good',
  );
});

t.test('a root that an intermediate would outlive is made anew', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const { root, rootId } = authority;
  const later = NOW + 3_300 * DAY;
  await authority.prepare(later);
  t.not(authority.root, root);
  t.not(authority.rootId, rootId);
  t.equal(readFileSync(join(path, 'internal/root.pem'), 'utf8'), authority.root);
  t.equal(
    await verify(authority.root as string, await authority.issue(['localhost'], later), 'localhost', later),
    'good',
  );
});

t.test('the key of the root may be kept elsewhere for as long as the intermediate is good', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const { root } = authority;
  renameSync(join(path, 'internal/root.key'), join(path, 'elsewhere'));
  const again = new Authority(new DataFolder(path));
  await again.prepare(NOW + DAY);
  t.equal(again.root, root);
  t.equal(await verify(root as string, await again.issue(['localhost'], NOW), 'localhost'), 'good');
  const later = NOW + 300 * DAY;
  await t.rejects(again.prepare(later), {
    message: /^is missing, and the intermediate, which ends 2027-11-27/,
  });
  const last = await again.issue(['localhost'], later);
  t.equal(await verify(root as string, last, 'localhost', later), 'good', 'and it goes on until then');
  t.notOk(existsSync(join(path, 'internal/root.key')), 'no other root took its place');
});

t.test('what is broken is told without a byte of it, or made anew where that costs nothing', async (t) => {
  const { path, authority } = await makeAuthority(t);
  writeFileSync(join(path, 'internal/intermediate.pem'), 'half a certi');
  await authority.prepare(NOW);
  t.match(readFileSync(join(path, 'internal/intermediate.pem'), 'utf8'), /^-----BEGIN CERTIFICATE/);
  const key = join(path, 'internal/root.key');
  writeFileSync(key, readFileSync(key, 'utf8').slice(0, -40));
  const error = await authority.prepare(NOW).catch((error) => error);
  t.match(error, { path: key, message: 'is no root of ours', hint: /restore it, or move it away/ });
});

t.test('a folder that cannot be made is told with its cause', async (t) => {
  const folder = t.testdir({ file: '' });
  const authority = new Authority(new DataFolder(join(folder, 'file/data')));
  await t.rejects(authority.prepare(NOW), {
    message: 'cannot be used: a part of the path is no folder',
    hint: /--data DIR/,
  });
});

t.test('an intermediate that is about to end signs for no longer', async (t) => {
  const { path, authority } = await makeAuthority(t);
  renameSync(join(path, 'internal/root.key'), join(path, 'elsewhere'));
  const later = NOW + 363 * DAY;
  await t.rejects(authority.prepare(later));
  t.equal((await authority.issue(['localhost'], later)).notAfter, NOW + 365 * DAY);
});

t.test('what a process left behind that died while it wrote is removed, once it is old', async (t) => {
  const { path, authority } = await makeAuthority(t);
  const [old, young] = ['root.key.aa.new', 'root.key.bb.new'].map((name) => join(path, 'internal', name));
  for (const file of [old, young]) writeFileSync(file as string, 'half a k');
  const hoursAgo = Date.now() / 1_000 - 2 * 3_600;
  utimesSync(old as string, hoursAgo, hoursAgo);
  // Of the folder `internal` whenever something is written to it.
  await authority.prepare(NOW + 300 * DAY);
  t.strictSame(
    [old, young].map((file) => existsSync(file as string)),
    [false, true],
  );
});
