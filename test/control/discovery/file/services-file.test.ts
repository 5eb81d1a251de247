import t from 'tap';
import { type FileService, parseServicesFile } from '../../../../src/control/discovery/file/services-file.ts';

function parse(text: string) {
  return parseServicesFile('fairlead.yaml', text, 1_000);
}

/** The services of a `services:` section. */
function services(section: string): readonly FileService[] {
  const indented = section.trim().replaceAll('\n', '\n  ');
  return parse(`services:\n  ${indented}\n`).services;
}

/** `line N message (hint)` of all problems. */
function problems(text: string): string[] {
  const parsed = parse(text);
  const all = [...parsed.problems, ...parsed.services.flatMap((service) => service.problems)];
  return all.map(({ where, message, hint }) => `${where}: ${message}${hint ? ` (${hint})` : ''}`);
}

/** What a single service of this body says is wrong, without the lines. */
function complaints(body: string): string[] {
  return problems(`services: { shop: { ${body} } }`).map((problem) => problem.replace('line 1: ', ''));
}

const DESIGN = `# fairlead.yaml: options at the top, services below with the same keys as the labels
http: 127.0.0.1:8080          # --http, FAIRLEAD_HTTP
admin: 127.0.0.1:9900
docker: false                 # or unix:///var/run/docker.sock, tcp://host:2376; several are a list
workers: 1
access-log: off               # off | json | clf
services:
  shop:
    host: "*"                 # any host
    health: { path: /healthz, interval: 1s }
    backends: [http://10.0.0.5:8080, { url: http://10.0.0.6:8080, weight: 3, backup: true }]
`;

t.test('the example of the manual is a service with two backends', async (t) => {
  const claim = {
    origin: { source: 'file', name: 'fairlead.yaml' },
    service: 'shop',
    routes: [{ host: '*', path: '/', priority: 0, stripPrefix: false }],
    settings: { health: { path: '/healthz', intervalMs: 1_000 } },
    createdAt: 1_000,
  };
  const backend = (host: string) => ({
    name: `${host}:8080`,
    key: `${host}:8080`,
    address: { host, port: 8080 },
  });
  t.same(parse(DESIGN), {
    services: [
      {
        name: 'shop',
        claims: [
          { ...claim, serves: { ...backend('10.0.0.5'), weight: 1, backup: false } },
          { ...claim, serves: { ...backend('10.0.0.6'), weight: 3, backup: true } },
        ],
        problems: [],
      },
    ],
    problems: [],
  });
});

t.test('nested keys and dotted ones are the same', async (t) => {
  const [nested] = services('shop: { host: a.org, health: { path: /x, rise: 3 }, retry: { attempts: 0 } }');
  const [dotted] = services('shop: { host: a.org, health.path: /x, health.rise: 3, retry.attempts: 0 }');
  t.same(dotted, nested);
  t.match(nested?.claims[0]?.settings, { health: { path: '/x', rise: 3 }, retry: { attempts: 0 } });
});

t.test(
  'headers are named by their keys, and may be what YAML takes for a number or a word of its own',
  async (t) => {
    const [nested] = services(
      'shop:\n  headers:\n    request: { x-team: blue, X-Num: 5, X-Flag: true, Cookie: "" }\n    response.X-Dot.Ted: a',
    );
    t.same(nested?.problems, []);
    t.same(nested?.claims[0]?.settings.headers, {
      request: { 'X-Team': 'blue', 'X-Num': '5', 'X-Flag': 'true', Cookie: '' },
      response: { 'X-Dot.Ted': 'a' },
    });
  },
);

t.test('a list is what labels write with commas', async (t) => {
  const [service] = services(
    'shop:\n  host:\n    - a.org\n    - "*.b.org"\n  retry.on: [connect, 5xx]\n  path: /api',
  );
  t.match(service?.claims[0], {
    routes: [
      { host: 'a.org', path: '/api' },
      { host: '*.b.org', path: '/api' },
    ],
    settings: { retry: { on: { reset: false, timeout: false, status: [[500, 599]] } } },
  });
});

t.test('without services there is nothing, and nothing wrong', async (t) => {
  for (const text of ['', '# nothing', 'http: :8080', 'services:', 'services: {}', '[]', 'text'])
    t.same(parse(text), { services: [], problems: [] }, JSON.stringify(text));
});

t.test('a service without backends is known: its host answers 503, and containers may join it', async (t) => {
  t.match(services('shop: { host: a.org }'), [
    { claims: [{ service: 'shop', routes: [{ host: 'a.org' }], serves: undefined }], problems: [] },
  ]);
  t.match(services('shop: { balance: random }'), [
    { claims: [{ routes: [], settings: { balance: 'random' } }] },
  ]);
});

t.test('a backend is a URL, or a map with one', async (t) => {
  const [service] = services(`shop:
  backends:
    - http://10.0.0.1
    - http://shop.internal:3000/
    - http://[2001:db8::1]:8080
    - url: http://10.0.0.2:80
      weight: 0
    - { url: http://10.0.0.3:80, backup: yes }`);
  const rows = service?.claims.map(({ serves }) => [
    serves?.address.host,
    serves?.address.port,
    serves?.weight,
    serves?.backup,
  ]);
  t.same(rows, [
    ['10.0.0.1', 80, 1, false],
    ['shop.internal', 3000, 1, false],
    ['2001:db8::1', 8080, 1, false],
    ['10.0.0.2', 80, 0, false],
    ['10.0.0.3', 80, 1, true],
  ]);
});

t.test('a backend that is no plain URL is refused', async (t) => {
  const backends = (item: string) => complaints(`backends: [${item}]`);
  t.same(backends('https://10.0.0.1'), ['url https is not supported yet, only http']);
  for (const url of ['10.0.0.1:8080', 'http://10.0.0.1/api', 'http://u:p@10.0.0.1', 'ftp://10.0.0.1', '""'])
    t.match(backends(url), [/^url wants http:\/\/HOST:PORT without a path, not "/], url);
  t.match(backends('http://10.0.0.1:0'), [/^url wants a whole number from 1 to 65535/]);
  t.match(backends('{ url: http://a, weight: 300 }'), [/^weight wants a whole number from 0 to 256/]);
  t.match(backends('{ url: http://a, backup: maybe }'), [/^backup wants true or false/]);
  t.same(backends('{ url: http://a, wieght: 3 }'), [
    'wieght is not a key of a backend: url, weight, backup, max-connections',
  ]);
  t.same(backends('{ weight: 3 }'), ['a backend needs a url']);
});

t.test('backends are a list', async (t) => {
  t.same(complaints('backends: http://10.0.0.1'), ['backends must be a list of URLs']);
  t.same(complaints('backends: { url: http://10.0.0.1 }'), ['backends must be a list of URLs']);
  t.same(complaints('backend: [http://10.0.0.1]'), [
    'services.shop.backend is not a known key (did you mean backends?)',
  ]);
});

t.test('keys that only a label needs say where they belong', async (t) => {
  t.match(complaints('host: a.org, port: 80'), [/services.shop.port is for labels only .*URL of a backend/]);
  t.match(complaints('host: a.org, weight: 3'), [/services.shop.weight is for labels only .*weight: 1/]);
  for (const key of ['enable', 'service', 'network', 'scheme', 'backup'])
    t.match(complaints(`host: a.org, ${key}: x`), [/is for labels only/], key);
});

t.test('problems are those of the labels, by their keys in the file', async (t) => {
  t.same(complaints('hots: a.org'), [
    'services.shop.hots is not a known key (did you mean services.shop.host?)',
  ]);
  t.match(complaints('host: "http://a.org"'), [/^services.shop.host wants hosts .*leave out the scheme/]);
  t.equal(complaints('host: "http://a.org", path: /x').length, 1, 'a bad host is not called missing, too');
  t.match(complaints('sticky: session'), [/services.shop.sticky wants one of cookie, none/]);
  t.match(complaints('health: { intervall: 5s }'), [
    /services.shop.health.intervall .*shop.health.interval\?/,
  ]);
  t.same(complaints('path: /x'), ['services.shop.path needs a host to belong to (add services.shop.host)']);
  t.same(complaints('host:'), ['services.shop.host wants a single value or a list']);
  t.same(complaints('host: [a.org, { b: c }]'), ['services.shop.host wants a single value or a list']);
  t.match(complaints('constructor: x'), ['services.shop.constructor is not a known key']);
});

t.test('a problem names the file and the line', async (t) => {
  const text = `http: :8080
services:
  shop:
    host: a.org
    health:
      path: healthz
    backends:
      - http://10.0.0.1
      - https://10.0.0.2
  my shop:
    host: b.org
  other: []
`;
  t.match(parse(text).services[0]?.problems[0], {
    severity: 'error',
    source: 'file',
    subject: 'fairlead.yaml',
  });
  t.match(problems(text), [
    /^line 6: services.shop.health.path wants a path/,
    /^line 9: url https is not supported/,
    /^line 10: service "my shop" wants a name of at most 63 letters/,
    /^line 12: service other must be a map of keys/,
  ]);
});

t.test('services that are no map are refused as a whole', async (t) => {
  t.same(problems('a: 1\nservices: [shop]'), ['line 2: services must be a map of names']);
  t.same(problems('services: shop'), ['line 1: services must be a map of names']);
});

t.test('a limit of requests is for one backend, or for each backend of the service', async (t) => {
  const body = 'max-connections: 5, backends: [http://a, { url: http://b, max-connections: 9 }]';
  const { claims = [] } = parse(`services: { shop: { ${body} } }`).services[0] ?? {};
  t.same(
    claims.map(({ serves }) => serves?.maxConnections),
    [5, 9],
  );
  t.match(complaints('backends: [{ url: http://b, max-connections: none }]'), [/wants a whole number/]);
});
