import t from 'tap';
import { EMPTY_KEYRING, type KeyPair, type Keyring, pairFor } from '../../src/model/keyring.ts';

function pair(names: string[], more: Partial<KeyPair> = {}): KeyPair {
  return {
    names,
    certificate: '',
    key: '',
    source: 'file',
    issuer: 'somebody',
    notBefore: 0,
    notAfter: 1_000,
    isPublic: true,
    ...more,
  };
}

function keyring(...pairs: KeyPair[]): Keyring {
  return { ...EMPTY_KEYRING, version: 1, pairs };
}

t.test('a pair for exactly the name is taken before one for all names beside it', async (t) => {
  const wide = pair(['*.example.org', 'example.org']);
  const exact = pair(['shop.example.org'], { source: 'internal' });
  const ring = keyring(wide, exact);
  t.equal(pairFor(ring, 'shop.example.org'), exact);
  t.equal(pairFor(ring, 'blog.example.org'), wide);
  t.equal(pairFor(ring, 'example.org'), wide);
});

t.test('a wildcard stands for one label, and is no name itself', async (t) => {
  const ring = keyring(pair(['*.example.org']));
  for (const name of ['example.org', 'a.b.example.org', '.example.org', 'xexample.org', ''])
    t.equal(pairFor(ring, name), undefined, name);
});

t.test('an address is found as it is written', async (t) => {
  const ring = keyring(pair(['127.0.0.1', '::1']));
  t.equal(pairFor(ring, '::1'), ring.pairs[0]);
  t.equal(pairFor(ring, '127.0.0.2'), undefined);
});

t.test(
  'own files come before ACME, and that before the internal authority, whatever their order',
  async (t) => {
    const [own, acme, internal] = (['file', 'acme', 'internal'] as const).map((source, i) =>
      pair(['a.test'], { source, notAfter: 1_000 * (i + 1) }),
    ) as [KeyPair, KeyPair, KeyPair];
    t.equal(pairFor(keyring(internal, own, acme), 'a.test'), own);
    t.equal(pairFor(keyring(internal, acme), 'a.test'), acme);
    t.equal(pairFor(keyring(acme, internal), 'a.test'), acme);
  },
);

t.test('of two from one source the one that is good for longer is taken', async (t) => {
  const [short, long] = [pair(['a.test'], { notAfter: 1 }), pair(['a.test'], { notAfter: 2 })];
  t.equal(pairFor(keyring(short, long), 'a.test'), long);
  t.equal(pairFor(keyring(long, short), 'a.test'), long);
});

t.test('what has no pair does not get the one for the nameless', async (t) => {
  t.equal(pairFor({ ...EMPTY_KEYRING, fallback: pair(['a.test']) }, 'a.test'), undefined);
});
