import t from 'tap';
import { KEYS } from '../../../src/model/keys/key-table.ts';
import { describeTls } from '../../../src/model/keys/tls-keys.ts';

function parse(key: string, text: string): unknown {
  return KEYS.find(key)?.entry.parse(text);
}

t.test('hsts becomes the header that browsers read, and is shown as it was written', async (t) => {
  for (const [text, header] of [
    ['365d', 'max-age=31536000'],
    ['0', 'max-age=0'],
    ['1h30m, subdomains', 'max-age=5400; includeSubDomains'],
    ['730d, subdomains, preload', 'max-age=63072000; includeSubDomains; preload'],
  ] as const) {
    t.equal(parse('hsts', text), header);
    t.strictSame(describeTls({ hsts: header }), [`hsts=${text}`]);
  }
});

t.test('a host is not offered for the lists of browsers with less than they take', async (t) => {
  for (const text of ['364d, subdomains, preload', '365d, preload'])
    t.throws(() => parse('hsts', text), /365d and subdomains at least beside preload/);
  for (const text of ['', 'forever', '365d, everything', 'subdomains'])
    t.throws(() => parse('hsts', text), /wants a duration, such as 365d/);
});

t.test('what is not built yet is refused with what to do instead', async (t) => {
  t.throws(() => parse('tls', 'acme'), /not built yet: put a certificate into the folder of --certificates/);
  t.throws(() => parse('tls', 'passthrough'), /not built yet/);
  t.throws(() => parse('tls', 'maybe'), /wants one of auto, internal, off/);
  t.equal(parse('tls', 'INTERNAL'), 'internal');
});
