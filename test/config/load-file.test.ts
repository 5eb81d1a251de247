import t from 'tap';
import { loadFile, mistakes } from '../support/load-options.ts';

/** The example of the design, whole. */
const EXAMPLE = `# fairlead.yaml: options at the top, services below with the same keys as the labels
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

t.test('the documented example is accepted as it stands', async (t) => {
  const loaded = loadFile(EXAMPLE);
  t.strictSame(mistakes(loaded), []);
  t.equal(loaded.file, 'fairlead.yaml');
  t.match(loaded.options, {
    http: [{ host: '127.0.0.1', port: 8080 }],
    admin: { host: '127.0.0.1', port: 9900 },
    docker: false,
    workers: 1,
    accessLog: 'off',
  });
});

t.test('off and false mean the same whether YAML takes them for text or for a boolean', async (t) => {
  for (const text of ['off', 'false', '"off"', "'false'"]) {
    const { options, errors } = loadFile(`docker: ${text}\nadmin: ${text}`);
    t.strictSame([options.docker, options.admin, errors], [false, false, []], text);
  }
  t.equal(loadFile('keep-underscores: on').options.keepUnderscores, true);
  t.equal(loadFile('keep-underscores: True').options.keepUnderscores, true);
  t.equal(loadFile('keep-underscores: no').options.keepUnderscores, false);
});

t.test('a number is read as it is written', async (t) => {
  t.strictSame(loadFile('http: 8081').options.http, [{ host: '::', port: 8081 }]);
  t.equal(loadFile('max-header-size: 32768').options.maxHeaderSize, 32_768);
  t.equal(loadFile('max-header-size: 32k # that is enough').options.maxHeaderSize, 32_768);
  t.strictSame(mistakes(loadFile('max-headers: 1e2')), [
    'fairlead.yaml:1: max-headers wants a whole number from 10 to 1000, not "1e2"',
  ]);
});

t.test('several values are a list or one text with commas', async (t) => {
  const ranges = ['10.0.0.0/8', '192.168.0.1/32'];
  t.strictSame(loadFile('trusted-proxies: [10.0.0.0/8, 192.168.0.1]').options.trustedProxies, ranges);
  t.strictSame(
    loadFile('trusted-proxies:\n  - 10.0.0.0/8\n  - 192.168.0.1\n').options.trustedProxies,
    ranges,
  );
  t.strictSame(loadFile('trusted-proxies: 10.0.0.0/8, 192.168.0.1').options.trustedProxies, ranges);
  t.strictSame(loadFile('trusted-proxies: []').options.trustedProxies, []);
});

t.test('an alias stands for what it names, alone and within a list', async (t) => {
  const { options, errors } = loadFile(
    'header-timeout: &short 3s\nbody-timeout: *short\ntrusted-proxies: &nets [10.0.0.0/8]\n',
  );
  t.strictSame([options.headerTimeout, options.bodyTimeout, errors], [3_000, 3_000, []]);
  const list = loadFile('admin-token-file: &a 10.0.0.1\ntrusted-proxies: [*a, 10.0.0.2]\nadmin: off\n');
  t.strictSame(list.options.trustedProxies, ['10.0.0.1/32', '10.0.0.2/32']);
});

t.test('an alias without end is refused and does no harm', async (t) => {
  t.strictSame(mistakes(loadFile('trusted-proxies: &endless [*endless]')), [
    'fairlead.yaml:1: trusted-proxies wants a single value or a list of them',
  ]);
  t.equal(loadFile('http: *nobody').errors.length, 1, 'one to nowhere is refused as well');
});

t.test('an option without a value or with a map is refused at its line', async (t) => {
  for (const value of ['', '~', '{ port: 1 }', '[[1], 2]', '[~]']) {
    const expected = 'fairlead.yaml:2: http wants a single value or a list of them';
    t.strictSame(mistakes(loadFile(`docker: off\nhttp: ${value}\n`)), [expected], value);
  }
});

t.test('an unknown key is named with its line and a suggestion', async (t) => {
  t.strictSame(mistakes(loadFile('docker: off\n\naccesslog: json\nservice:\n  shop: {}\n')), [
    'fairlead.yaml:3: accesslog is not an option; did you mean access-log?',
    'fairlead.yaml:4: service is not an option; did you mean services?',
  ]);
  t.match(mistakes(loadFile('constructor: 1'))[0], 'constructor is not an option');
});

t.test('broken YAML is reported with its line and takes no effect', async (t) => {
  const loaded = loadFile('http: :1\nadmin: [\n');
  t.match(mistakes(loaded)[0], /^fairlead\.yaml:[23]: .+$/);
  t.equal(loaded.options.http[0]?.port, 8080, 'half a file is no file');
  const [twice] = mistakes(loadFile('http: :1\nhttp: :2\n'));
  t.match(twice, /^fairlead\.yaml:2: .*unique.*$/);
  for (const text of ['http: :1\nadmin: [\n', 'http: :1\nhttp: :2\n'])
    t.notMatch(mistakes(loadFile(text)).join(), '\n', 'a mistake is one line');
});

t.test('a file that is no map is refused, an empty one is fine', async (t) => {
  t.strictSame(mistakes(loadFile('- http: :1')), ['fairlead.yaml:1: must be a map of options']);
  t.strictSame(mistakes(loadFile('just words')), ['fairlead.yaml:1: must be a map of options']);
  for (const text of ['', '\n', '# nothing yet\n', '---\n'])
    t.strictSame(mistakes(loadFile(text)), [], JSON.stringify(text));
});

t.test('what the services say is not the business of the options', async (t) => {
  t.strictSame(mistakes(loadFile('services: { shop: { hots: nonsense } }')), []);
});
