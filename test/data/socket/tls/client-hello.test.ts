import fc from 'fast-check';
import t from 'tap';
import { MAX_HELLO, type Peeked, readClientHello } from '../../../../src/data/socket/tls/client-hello.ts';
import {
  alpn,
  extension,
  helloMessage,
  helloOf,
  recordsOf,
  serverName,
} from '../../../support/client-hello.ts';

const NAMED = [serverName('Shop.Example.org.'), alpn('h2', 'http/1.1')];

/** What a connection is found to begin with, when it is asked only as often as it has to be. */
function peekIn(bytes: Buffer, cuts: readonly number[]): { peeked: Peeked; asked: number } {
  let needs = 0;
  let asked = 0;
  let peeked: Peeked = { needs: 1 };
  for (const cut of [...cuts, bytes.length]) {
    if (cut < needs && cut < bytes.length) continue;
    asked++;
    peeked = readClientHello(bytes.subarray(0, cut));
    if (peeked === undefined || !('needs' in peeked)) return { peeked, asked };
    ({ needs } = peeked);
  }
  return { peeked, asked };
}

const everyByte = (bytes: Buffer) => Array.from(bytes, (_, i) => i);

t.test('name and protocols are found in what OpenSSL sends', async (t) => {
  const options = { servername: 'shop.example.org', ALPNProtocols: ['h2', 'http/1.1'] };
  t.strictSame(readClientHello(await helloOf(options)), {
    name: 'shop.example.org',
    protocols: ['h2', 'http/1.1'],
  });
  const oldest = { maxVersion: 'TLSv1.2', servername: 'a.b' } as const;
  t.strictSame(readClientHello(await helloOf(oldest)), { name: 'a.b', protocols: [] });
});

t.test('a client may name nobody and offer nothing', async (t) => {
  const nothing = { name: '', protocols: [] };
  t.strictSame(readClientHello(recordsOf(helloMessage([]))), nothing);
  t.strictSame(readClientHello(recordsOf(helloMessage(undefined))), nothing);
});

t.test('a name is the same in any case, and with a dot at its end', async (t) => {
  t.match(readClientHello(recordsOf(helloMessage(NAMED))), { name: 'shop.example.org' });
});

t.test('it does not matter how the bytes come', async (t) => {
  const message = helloMessage([...NAMED, extension(0xfe0d, Buffer.alloc(1_200, 1))]);
  for (const most of [message.length, 700, 1]) {
    const bytes = recordsOf(message, most);
    const { peeked, asked } = peekIn(bytes, everyByte(bytes));
    t.strictSame(peeked, { name: 'shop.example.org', protocols: ['h2', 'http/1.1'] });
    if (most > 1) t.ok(asked <= 6, `and of ${bytes.length} bytes that come one by one few are looked at`);
  }
});

t.test('whatever comes, in any pieces, it means the same, and nothing throws', async (t) => {
  const hello = fc
    .record({
      extensions: fc.array(
        fc.oneof(
          fc.string({ minLength: 1, maxLength: 40 }).map((name) => serverName(name)),
          fc.array(fc.string({ maxLength: 9 }), { maxLength: 3 }).map((all) => alpn(...all)),
          fc
            .tuple(fc.nat(0xffff), fc.uint8Array({ maxLength: 60 }))
            .map(([kind, value]) => extension(kind, Buffer.from(value))),
        ),
        { maxLength: 5 },
      ),
      most: fc.integer({ min: 1, max: 300 }),
    })
    .map(({ extensions, most }) => recordsOf(helloMessage(extensions), most));
  const mutants = fc
    .tuple(hello, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([bytes, edits]) => {
      for (const [at, value] of edits) bytes[at % bytes.length] = value;
      return bytes;
    });
  const garbage = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(mutants, hello, garbage), fc.array(fc.nat(600)), (bytes, cuts) => {
      const whole = readClientHello(bytes);
      const sorted = cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b);
      t.strictSame(peekIn(bytes, sorted).peeked, whole);
      t.strictSame(peekIn(bytes, everyByte(bytes)).peeked, whole);
      // What comes behind it is not looked at.
      if (whole !== undefined && !('needs' in whole))
        t.strictSame(readClientHello(Buffer.concat([bytes, bytes])), whole);
      // What is needed is needed.
      if (whole !== undefined && 'needs' in whole) t.ok(whole.needs > bytes.length);
    }),
    { numRuns: 1_500, seed: 3 },
  );
});

const REFUSED: Record<string, Buffer> = {
  'a request of HTTP': Buffer.from('GET / HTTP/1.1\r\n'),
  SSLv2: Buffer.from('802e0100020015001000', 'hex'),
  'an empty record': Buffer.from('1603010000', 'hex'),
  'another message of a handshake': Buffer.from('160301000402000000', 'hex'),
  'an alert': Buffer.from('15030100020228', 'hex'),
  'two names': recordsOf(helloMessage([serverName('a'), serverName('b')])),
  'a name of another kind': recordsOf(helloMessage([serverName('a', 1)])),
  'an empty name': recordsOf(helloMessage([serverName('')])),
  'a name with a zero in it': recordsOf(helloMessage([serverName('a\0b')])),
  'a name of 256 bytes': recordsOf(helloMessage([serverName('a'.repeat(256))])),
  'an empty protocol': recordsOf(helloMessage([alpn('')])),
  'an extension that is longer than all': recordsOf(helloMessage([Buffer.from('00000009', 'hex')])),
};

for (const [what, bytes] of Object.entries(REFUSED)) {
  t.test(`${what} is no ClientHello`, async (t) => {
    t.equal(readClientHello(bytes), undefined);
  });
}

t.test('the first byte of what is something else is enough', async (t) => {
  t.equal(readClientHello(Buffer.from('G')), undefined);
  t.equal(readClientHello(Buffer.from([0x80])), undefined);
  t.match(readClientHello(Buffer.from([22])), { needs: 9 });
});

t.test('one that is longer than 16 KB is not waited for', async (t) => {
  const long = recordsOf(helloMessage([extension(21, Buffer.alloc(MAX_HELLO))]), 16_000);
  const beginning = 16_000 + 5;
  t.match(readClientHello(long.subarray(0, 9)), { needs: beginning });
  t.equal(readClientHello(long.subarray(0, beginning)), undefined, 'its length is known');
  t.equal(readClientHello(Buffer.from([22, 3, 1, 0xff, 0xff])), undefined);
  const fits = recordsOf(helloMessage([extension(21, Buffer.alloc(MAX_HELLO - 200))]));
  t.match(readClientHello(fits), { name: '' });
});
