import t from 'tap';
import {
  describeFilter,
  filtersOf,
  parseHeaderValue,
  parseRequestHeader,
  parseResponseHeader,
  withoutSecrets,
} from '../../src/model/filter.ts';
import { ValueError } from '../../src/model/parse-values.ts';
import { requestHead } from '../support/heads.ts';
import { seededRandom } from '../support/random.ts';

t.test(
  'a service that asks for no filter has none, so that its routes are what they always were',
  async (t) => {
    t.equal(filtersOf({}), undefined);
    t.equal(filtersOf({ headers: {} }), undefined);
    t.equal(filtersOf({ headers: { request: {}, response: {} } }), undefined);
  },
);

t.test('filters come in one order, whatever the order in which they were said', async (t) => {
  const filters = filtersOf({
    headers: { response: { Server: '', 'X-Frame-Options': 'DENY' }, request: { B: '2', A: '1' } },
    redirect: 'https',
  });
  t.strictSame(filters, [
    { kind: 'redirect', to: 'https' },
    {
      kind: 'request-headers',
      edits: [
        { how: 'set', name: 'A', value: '1' },
        { how: 'set', name: 'B', value: '2' },
      ],
    },
    {
      kind: 'response-headers',
      edits: [
        { how: 'remove', name: 'Server', value: '' },
        { how: 'set', name: 'X-Frame-Options', value: 'DENY' },
      ],
    },
  ]);
});

t.test('a header has one name, in whatever case it is written', async (t) => {
  for (const name of ['x-frame-options', 'X-FRAME-OPTIONS', 'X-Frame-Options'])
    t.equal(parseResponseHeader(name), 'X-Frame-Options');
  t.equal(parseRequestHeader('x_user.id'), 'X_User.Id');
  t.equal(parseRequestHeader('__proto__'), '__Proto__');
});

t.test('what frames a message or belongs to a connection is nobody’s to set', async (t) => {
  const ofConnection = [
    'Connection',
    'Keep-Alive',
    'Proxy-Connection',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'transfer_encoding',
    'Upgrade',
    'Content-Length',
  ];
  for (const name of ofConnection) {
    t.throws(() => parseRequestHeader(name), { message: /decided anew for each connection/ }, name);
    t.throws(() => parseResponseHeader(name), { message: /decided anew for each connection/ }, name);
  }
  t.throws(() => parseRequestHeader('host'), { message: /the host that the client asked for/ });
  t.throws(() => parseRequestHeader('Via'), { message: /come back/ });
  t.throws(() => parseRequestHeader('Expect'), { message: /before they send a body/ });
  t.throws(() => parseRequestHeader('Proxy'), { message: /CVE-2016-5385/ });
  t.throws(() => parseResponseHeader('date'), { message: /when the response was made/ });
  t.equal(parseResponseHeader('host'), 'Host', 'which says nothing in a response');
});

t.test('a name is a token', async (t) => {
  for (const name of ['', ' ', 'a b', 'a:', 'a\r\nb', 'é', '(a)', 'a"b', 'a/b', '{client}'])
    t.throws(() => parseRequestHeader(name), ValueError, JSON.stringify(name));
  t.throws(() => parseRequestHeader('x'.repeat(129)), { message: /129 characters; it may have 128/ });
});

t.test('a value is printable ASCII, and its error does not repeat what may be a secret', async (t) => {
  t.equal(parseHeaderValue(''), '');
  t.equal(parseHeaderValue('a\tb c'), 'a\tb c');
  for (const [value, code] of [
    ['secret\r\nEvil: 1', 'U+000D'],
    ['secret\n', 'U+000A'],
    ['secret\0', 'U+0000'],
    ['secreté', 'U+00E9'],
    // Written as one byte it would be the end of a line.
    ['secret\u010a', 'U+010A'],
    ['secret😀', 'U+1F600'],
  ] as const) {
    const check = { message: `wants printable ASCII, not ${code}` };
    t.throws(() => parseHeaderValue(value), check);
  }
  t.throws(() => parseHeaderValue('x'.repeat(4_097)), {
    message: 'wants at most 4,096 characters, not 4,097',
  });
});

t.test('a placeholder that is unknown is an error, and JSON has none', async (t) => {
  t.equal(parseHeaderValue('{client}, {host}; {id}'), '{client}, {host}; {id}');
  t.equal(parseHeaderValue('{"group":"a","max_age":1}'), '{"group":"a","max_age":1}');
  t.throws(() => parseHeaderValue("script-src 'nonce-{nonce}'"), {
    message: 'wants no words in braces but {client}, {host}, {id}',
  });
});

t.test('whatever is taken as a header is read as that header and nothing else', async (t) => {
  const random = seededRandom(5);
  const text = (most: number, range: number) =>
    Array.from({ length: Math.floor(random() * most) }, () =>
      String.fromCharCode(random() < 0.9 ? 32 + Math.floor(random() * range) : Math.floor(random() * 300)),
    ).join('');
  let taken = 0;
  for (let round = 0; round < 20_000; round++) {
    const [said, wanted] = [text(6, 96), text(12, 96).trim()];
    let name: string;
    let value: string;
    try {
      [name, value] = [parseRequestHeader(said), parseHeaderValue(wanted)];
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      continue;
    }
    taken++;
    if (taken % 20 !== 0) continue;
    const head = requestHead(`GET / HTTP/1.1\r\nHost: a\r\n${name}: ${value}\r\n\r\n`, {
      rules: { keepUnderscores: true },
    });
    if (head.field(name.toLowerCase()) !== value || head.all('host').length !== 1)
      t.fail(JSON.stringify({ name, value }));
  }
  t.ok(taken > 1_000, `${taken} were taken`);
});

t.test('people are shown what filters do, and nobody what may be a secret', async (t) => {
  const [request, response] = filtersOf({
    headers: {
      request: { Authorization: 'Basic abc', 'X-Api-Key': 'abc', Cookie: '', 'X-Team': 'blue' },
      response: { 'Set-Cookie': 'a=abc', 'Content-Security-Policy': "default-src 'self'" },
    },
  }) as NonNullable<ReturnType<typeof filtersOf>>;
  t.strictSame(describeFilter(request as never), [
    'headers.request.Authorization=…',
    'headers.request.Cookie=',
    'headers.request.X-Api-Key=…',
    'headers.request.X-Team=blue',
  ]);
  t.strictSame(describeFilter(response as never), [
    "headers.response.Content-Security-Policy=default-src 'self'",
    'headers.response.Set-Cookie=…',
  ]);
  t.strictSame(describeFilter({ kind: 'redirect', to: 'https' }), ['redirect=https']);
  t.notMatch(JSON.stringify([request, response].map((one) => withoutSecrets(one as never))), /abc/);
});
