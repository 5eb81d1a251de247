import t from 'tap';
import { certifiedName, whyNotInternal } from '../../../src/control/certificates/names.ts';

t.test('names that only this network knows are internal', async (t) => {
  for (const name of [
    'localhost',
    'shop.localhost',
    'a.b.test',
    '*.shop.internal',
    'nas.local',
    'x.home.arpa',
  ])
    t.equal(whyNotInternal(name), undefined, name);
  for (const name of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.0.9',
    '169.254.1.1',
    '::1',
    'fd00::1',
    'fe80::1',
  ])
    t.equal(whyNotInternal(name), undefined, name);
});

t.test('others are not, with the reason', async (t) => {
  for (const [name, why] of [
    ['shop.example.org', 'it is a public name'],
    ['localhost.example.org', 'it is a public name'],
    ['notlocalhost.org', 'it is a public name'],
    ['home.arpa.example', 'it is a public name'],
    ['nas', /^it is a name without a dot, and the internal authority signs only for localhost, local/],
    ['*.localhost', /all names right below a top-level name/],
    ['*.org', /all names right below a top-level name/],
    ['8.8.8.8', 'it is an address of a public network'],
    ['172.32.0.1', 'it is an address of a public network'],
    ['2001:4860::1', 'it is an address of a public network'],
  ] as const)
    t.match(whyNotInternal(name), why, name);
});

t.test('a host is certified by the name that clients look for', async (t) => {
  t.equal(certifiedName('*'), undefined);
  t.equal(certifiedName('*.shop.localhost'), '*.shop.localhost');
  t.equal(certifiedName('[0:0::1]'), '::1');
  t.equal(certifiedName('127.0.0.1'), '127.0.0.1');
});
