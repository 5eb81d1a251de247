import t from 'tap';
import { wantedOf } from '../../../src/control/certificates/wanted.ts';
import type { KeyPair } from '../../../src/model/keyring.ts';
import type { RouteTls } from '../../../src/model/route.ts';

function wanted(routes: Record<string, RouteTls['tls'][]>, own: Record<string, string> = {}) {
  const list = Object.entries(routes).flatMap(([host, all]) =>
    all.map((tls) => ({ host, ...(tls !== undefined && { tls }) })),
  );
  const ownFor = (name: string) =>
    own[name] === undefined ? undefined : ({ names: [own[name]] } as unknown as KeyPair);
  const { internal, missing } = wantedOf(list, ownFor, 'advice');
  return {
    internal,
    missing: missing.map(({ host, why, isMistake }) => `${host}: ${why}${isMistake ? '!' : ''}`),
  };
}

t.test('internal names and localhost are signed for, each once', async (t) => {
  t.strictSame(
    wanted({ 'shop.localhost': [undefined, 'auto'], '*.shop.internal': [undefined], '[::1]': ['internal'] }),
    {
      internal: ['localhost', 'shop.localhost', '*.shop.internal', '::1'],
      missing: [],
    },
  );
});

t.test(
  'public names without a file have none, with what to do; only who asks for the impossible is mistaken',
  async (t) => {
    t.strictSame(
      wanted({ 'shop.org': [undefined], 'bank.org': ['internal'], '*': [undefined], nas: [undefined] }),
      {
        internal: ['localhost'],
        missing: [
          'shop.org: it is a public name: advice',
          'bank.org: it is a public name: advice!',
          '*: no certificate is for every name',
          'nas: it is a name without a dot, and the internal authority signs only for localhost, local, internal, home.arpa, test, invalid, onion, lan and what is below them: advice',
        ],
      },
    );
  },
);

t.test(
  'what a file has nobody else signs, unless the label asks for that and the file is for wider names',
  async (t) => {
    const own = { 'shop.org': 'shop.org', 'a.test': '*.test', 'b.test': 'b.test', 'c.test': '*.test' };
    const routes = {
      'shop.org': [undefined],
      'a.test': [undefined],
      'b.test': ['internal'],
      'c.test': ['internal'],
    };
    t.strictSame(wanted(routes as never, own), { internal: ['localhost', 'c.test'], missing: [] });
  },
);

t.test('of the routes of a host one that wants a certificate is enough', async (t) => {
  t.strictSame(wanted({ 'a.test': ['off', undefined], 'b.test': ['off', 'off'] }), {
    internal: ['localhost', 'a.test'],
    missing: ['b.test: tls=off'],
  });
});
