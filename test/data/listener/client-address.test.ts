import fc from 'fast-check';
import t from 'tap';
import { clientOf, readAddress } from '../../../src/data/listener/client-address.ts';

const PEER = '10.0.0.1';
const isTrusted = (address: string) => address.startsWith('10.') || address === '2001:db8::1';
const client = (forwardedFor: string, realIp = '') => clientOf(PEER, { forwardedFor, realIp }, isTrusted);

t.test('the client is the first from the right that is no trusted proxy', async (t) => {
  for (const [chain, expected] of [
    ['203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9', '203.0.113.9'],
    ['6.6.6.6, 203.0.113.9, 10.0.0.2, 10.9.9.9', '203.0.113.9'],
    ['6.6.6.6,203.0.113.9\t,\t10.0.0.2', '203.0.113.9'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['6.6.6.6, 203.0.113.9, [2001:db8::1]:443', '203.0.113.9'],
    ['6.6.6.6, , 203.0.113.9, ,', '203.0.113.9'],
  ] as const)
    t.equal(client(chain), expected, chain);
});

t.test('nothing is believed that stands left of what is no address', async (t) => {
  for (const nonsense of [
    'unknown',
    '_hidden',
    'evil.example',
    '300.1.1.1',
    '[10.0.0.4]',
    '"10.0.0.4"',
    '10.0.0.4;x',
  ]) {
    t.equal(client(`6.6.6.6, ${nonsense}, 10.0.0.2`), '10.0.0.2', nonsense);
    t.equal(client(`6.6.6.6, ${nonsense}`), PEER, `${nonsense} on the right`);
    t.equal(client(nonsense, '6.6.6.6'), PEER, 'nor anything else');
  }
});

t.test('X-Real-IP counts where there is no chain, and nothing else does', async (t) => {
  t.equal(client('', '203.0.113.9'), '203.0.113.9');
  t.equal(client('', '[2001:DB8::9]:443'), '2001:db8::9');
  t.equal(client('', 'unknown'), PEER);
  t.equal(client('203.0.113.9', '6.6.6.6'), '203.0.113.9');
  t.equal(client('', ''), PEER);
});

t.test('an address is read as proxies write it, and has one form', async (t) => {
  for (const [text, address] of [
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:5678', '1.2.3.4'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:db8::1]:443', '2001:db8::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['[::FFFF:102:304]:80', '1.2.3.4'],
    ['fe80::1%eth0', 'fe80::1'],
    ['1.2.3', undefined],
    ['01.2.3.4', undefined],
    ['1.2.3.4:', undefined],
    ['1.2.3.4:x', undefined],
    ['[2001:db8::1', undefined],
    ['2001:db8::1]:443', undefined],
    ['[2001:db8::1]x', undefined],
    [`${'0'.repeat(60)}::1`, undefined],
    ['', undefined],
  ] as const)
    t.equal(readAddress(text), address, text);
});

t.test('a chain of any length costs a bounded number of look-ups', async (t) => {
  let lookups = 0;
  const count = () => ++lookups > 0;
  for (const entry of ['10.0.0.1,', ',', ' ,', '[::1]:1,']) {
    lookups = 0;
    clientOf(PEER, { forwardedFor: entry.repeat(65_536 / entry.length), realIp: '' }, count);
    t.ok(lookups <= 32, `${entry}: ${lookups}`);
  }
});

t.test('whatever a client writes before what trusted proxies add, it is who they say it is', async (t) => {
  const written = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.constantFrom('10.0.0.9', '', 'unknown'));
  const proxies = fc.array(fc.constantFrom('10.0.0.2', '[2001:db8::1]:443', '10.0.0.3:80'), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(written), proxies, (lies, trusted) => {
      return client([...lies, '203.0.113.9', ...trusted].join(', ')) === '203.0.113.9';
    }),
  );
  t.pass();
});
