import t from 'tap';
import { listenersOf } from '../../src/config/listeners.ts';
import { DEFAULT_FILES } from '../../src/config/load.ts';
import { load, mistakes } from '../support/load-options.ts';

const FILE = { 'fairlead.yaml': 'http: 127.0.0.1:3' };
const ENV = { FAIRLEAD_HTTP: '127.0.0.1:2' };
const FLAG = '--http 127.0.0.1:1';

t.test('without any setting every option has its default and nothing is wrong', async (t) => {
  const { options, file, errors, warnings } = load({});
  t.match(options, {
    http: [{ host: '::', port: 8080 }],
    admin: { host: '127.0.0.1', port: 9900 },
    docker: ['unix:///var/run/docker.sock'],
    accessLog: 'off',
    keepUnderscores: false,
    grace: 10_000,
  });
  t.equal(file, undefined);
  t.strictSame([errors, warnings], [[], []]);
  t.ok(Object.isFrozen(options), 'options never change after the start');
});

t.test('a flag wins over a variable, a variable over the file, the file over the default', async (t) => {
  const port = (input: Parameters<typeof load>[0]) => load(input).options.http[0]?.port;
  t.equal(port({ args: FLAG, env: ENV, files: FILE }), 1);
  t.equal(port({ env: ENV, files: FILE }), 2);
  t.equal(port({ files: FILE }), 3);
  t.equal(port({}), 8080);
});

t.test('a setting that is overruled is not judged', async (t) => {
  const { options, errors } = load({ args: FLAG, env: { FAIRLEAD_HTTP: 'nonsense' }, files: FILE });
  t.equal(options.http[0]?.port, 1);
  t.strictSame(errors, []);
});

t.test('of a flag that is said twice the last counts', async (t) => {
  t.equal(load({ args: '--http :1 --http :2' }).options.http[0]?.port, 2);
  const { options, warnings } = load({
    args: '--http=:1 --config a --http=:2 --config b',
    files: { a: '', b: '' },
  });
  t.equal(options.http[0]?.port, 2);
  t.strictSame(
    warnings.map(({ where, message }) => `${where}: ${message}`),
    [
      '--http: is given more than once: the last one counts (several values go with commas)',
      '--config: is given more than once: the last one counts',
    ],
  );
});

t.test('clients may connect to several addresses, with commas or as a list of the file', async (t) => {
  const wanted = [
    { host: '::', port: 80 },
    { host: '127.0.0.1', port: 8081 },
  ];
  const found = [
    load({ args: '--http :80,127.0.0.1:8081' }),
    load({ env: { FAIRLEAD_HTTP: ' :80, 127.0.0.1:8081 ' } }),
    load({ files: { 'fairlead.yaml': 'http:\n  - :80\n  - 127.0.0.1:8081\n' } }),
  ];
  for (const loaded of found) {
    t.strictSame(mistakes(loaded), []);
    t.strictSame(loaded.options.http, wanted);
  }
  t.match(listenersOf({ http: wanted, https: false }), [
    { name: 'http', address: wanted[0], tls: false },
    { name: 'http-2', address: wanted[1], tls: false },
  ]);
});

t.test('clients may connect with TLS to several addresses, too', async (t) => {
  const { options } = load({ args: '--https :443,127.0.0.1:8443' });
  t.match(listenersOf(options), [
    { name: 'http', tls: false },
    { name: 'https', address: { host: '::', port: 443 }, tls: true },
    { name: 'https-2', address: { host: '127.0.0.1', port: 8443 }, tls: true },
  ]);
  t.strictSame(
    listenersOf(load({ args: '--https off' }).options).map(({ name }) => name),
    ['http'],
  );
});

t.test('an address cannot be for clients with TLS and for those without', async (t) => {
  t.strictSame(mistakes(load({ args: '--http :80,:81 --https 127.0.0.1:81' })), [
    '--https: https has 127.0.0.1:81, which [::]:81 takes already (http)',
  ]);
  t.strictSame(mistakes(load({ env: { FAIRLEAD_HTTPS: ':8080' } })), [
    'FAIRLEAD_HTTPS: https has [::]:8080, which [::]:8080 takes already (http)',
  ]);
  t.strictSame(mistakes(load({ args: '--http 127.0.0.1:80,:0 --https 127.0.0.2:80,:0' })), []);
});

t.test('two addresses that cannot be listened on together are a mistake, and so is none', async (t) => {
  for (const [text, expected] of [
    [':80,127.0.0.1:80', 'http has 127.0.0.1:80, which [::]:80 takes already'],
    ['[::1]:80,0.0.0.0:80', 'http has 0.0.0.0:80, which [::1]:80 takes already'],
    ['127.0.0.1:80,127.0.0.1:80', 'http has 127.0.0.1:80, which 127.0.0.1:80 takes already'],
    [':80,nowhere', 'http wants an address such as :8080, 127.0.0.1:8080 or [::1]:8080, not "nowhere"'],
    [',', 'http wants an address such as :8080, 127.0.0.1:8080 or [::1]:8080, not ","'],
  ] as const)
    t.strictSame(mistakes(load({ args: `--http=${text}` })), [`--http: ${expected}`]);
  t.strictSame(mistakes(load({ args: '--http=127.0.0.1:80,127.0.0.2:80,:0,:0' })), []);
});

t.test('it is known where each option was found, and what the file says in vain', async (t) => {
  const { settings, overruled } = load({
    args: FLAG,
    env: { FAIRLEAD_GRACE: '1s' },
    files: { 'fairlead.yaml': 'http: :3\npages: /x' },
  });
  t.strictSame(
    Object.entries(settings)
      .map(([key, { where }]) => `${key} ${where}`)
      .sort(),
    ['grace FAIRLEAD_GRACE', 'http --http', 'pages fairlead.yaml:2'],
  );
  t.strictSame(overruled, { http: { text: ':3', where: 'fairlead.yaml:1', origin: 'configuration' } });
});

t.test('every mistake of all sources is reported at once, each with its place', async (t) => {
  const loaded = load({
    args: '--http nowhere --bogus',
    env: { FAIRLEAD_GRACE: '5', FAIRLEAD_WORKERS: '0' },
    files: { 'fairlead.yaml': 'docker: off\naccess-log: xml\n\nmax-headers: 5\nnonsense: 1\n' },
  });
  const found = mistakes(loaded);
  t.equal(found.length, 7);
  for (const expected of [
    '--http: http wants an address',
    '--bogus: is not an option',
    'FAIRLEAD_GRACE: grace wants a duration such as 500ms, 5s or 1m30s, not "5"',
    'FAIRLEAD_WORKERS: workers wants a whole number from 1 to 256',
    'fairlead.yaml:2: access-log wants one of off, json, clf, not "xml"',
    'fairlead.yaml:4: max-headers wants a whole number from 10 to 1000, not "5"',
    'fairlead.yaml:5: nonsense is not an option',
  ]) {
    t.ok(
      found.some((mistake) => mistake.startsWith(expected)),
      expected,
    );
  }
  t.strictSame(loaded.options.http, [{ host: '::', port: 8080 }], 'what is wrong has its default');
});

t.test('an unknown flag is named with a suggestion', async (t) => {
  t.strictSame(mistakes(load({ args: '--acces-log=json' })), [
    '--acces-log: is not an option; did you mean --access-log?',
  ]);
  t.strictSame(mistakes(load({ args: '--confg=x' })), ['--confg: is not an option; did you mean --config?']);
});

t.test('an argument that is no flag is refused', async (t) => {
  t.strictSame(mistakes(load({ args: 'web-1' })), ['web-1: is not an argument of this command']);
  t.strictSame(mistakes(load({ args: '-- --http' })), ['--http: is not an argument of this command']);
});

t.test('the value of an unknown flag is no mistake of its own', async (t) => {
  t.equal(mistakes(load({ args: '--htpp :80' })).length, 1);
  t.equal(mistakes(load({ args: '--htpp=:80 stray' })).length, 2, 'unless it does not belong to the flag');
});

t.test('a variable that is set to nothing is as good as not set', async (t) => {
  const loaded = load({ env: { FAIRLEAD_HTTP: '', FAIRLEAD_CONFIG: '', DOCKER_HOST: '' } });
  t.strictSame(mistakes(loaded), []);
  t.equal(loaded.options.http[0]?.port, 8080);
});

t.test('a flag without its value is refused', async (t) => {
  for (const args of ['--http', '--http=', '--config', '--config=']) {
    t.strictSame(mistakes(load({ args })), [`${args.replace('=', '')}: needs a value`], args);
  }
  t.ok(mistakes(load({ args: '--http --admin off' })).includes('--http: needs a value'), 'nor is a flag one');
});

t.test('a switch is on by being there, and off by saying so', async (t) => {
  t.equal(load({ args: '--keep-underscores' }).options.keepUnderscores, true);
  t.equal(load({ args: '--keep-underscores=false' }).options.keepUnderscores, false);
  const env = { FAIRLEAD_KEEP_UNDERSCORES: 'yes' };
  t.equal(load({ env }).options.keepUnderscores, true);
  t.equal(load({ env, args: '--keep-underscores=off' }).options.keepUnderscores, false);
});

t.test(
  'an unknown variable of ours is a warning, since linked containers set such by themselves',
  async (t) => {
    const { errors, warnings } = load({
      env: { FAIRLEAD_ACESS_LOG: 'json', FAIRLEAD_SERVICE_HOST: '10.0.0.1', OTHER_HTTP: ':1' },
    });
    t.strictSame(errors, []);
    t.strictSame(warnings, [
      {
        where: 'FAIRLEAD_ACESS_LOG',
        origin: 'command',
        message: 'is not a variable of Fairlead; did you mean FAIRLEAD_ACCESS_LOG?',
      },
      { where: 'FAIRLEAD_SERVICE_HOST', origin: 'command', message: warnings[1]?.message },
    ]);
  },
);

t.test('the file is the one of the flag, else of the variable, else a default one that exists', async (t) => {
  const files = { 'a.yaml': 'http: :1', 'b.yaml': 'http: :2', 'fairlead.yaml': 'http: :3' };
  const env = { FAIRLEAD_CONFIG: 'b.yaml' };
  const read = (input: Parameters<typeof load>[0]) => {
    const { file, options, warnings } = load(input);
    t.strictSame(warnings, []);
    return [file, options.http[0]?.port];
  };
  t.strictSame(read({ args: '--config a.yaml', env, files }), ['a.yaml', 1]);
  t.strictSame(read({ env, files }), ['b.yaml', 2]);
  t.strictSame(read({ files }), ['fairlead.yaml', 3]);
  const [, system = ''] = DEFAULT_FILES;
  t.strictSame(read({ files: { [system]: 'http: :4' } }), ['/etc/fairlead/fairlead.yaml', 4]);
});

t.test('a file that was named must exist', async (t) => {
  const loaded = load({ args: '--config gone.yaml', files: FILE });
  t.strictSame(mistakes(loaded), ['gone.yaml: cannot be read: no such file']);
  t.equal(loaded.file, undefined);
});

t.test(
  'a default file that is there and cannot be read is a mistake, one that is missing is not',
  async (t) => {
    const [own = '', system = ''] = DEFAULT_FILES;
    const cures = '; --config names another one, --config /dev/null none';
    const denied = load({ files: { [own]: { why: 'permission denied' }, [system]: 'http: :4' } });
    t.strictSame(mistakes(denied), [`${own}: cannot be read: permission denied${cures}`]);
    const folder = load({ files: { [system]: { why: 'it is a folder' } } });
    t.strictSame(mistakes(folder), [`${system}: cannot be read: it is a folder${cures}`]);
    t.strictSame(mistakes(load({ args: '--config x', files: { x: { why: 'it is a folder' } } })), [
      'x: cannot be read: it is a folder',
    ]);
    t.strictSame(mistakes(load({ files: {} })), []);
  },
);

t.test('DOCKER_HOST is heard when nothing of ours says where Docker is', async (t) => {
  const env = { DOCKER_HOST: 'tcp://10.0.0.1:2375' };
  t.strictSame(load({ env }).options.docker, ['tcp://10.0.0.1:2375']);
  t.equal(load({ env, args: '--docker off' }).options.docker, false);
  t.equal(load({ env, files: { 'fairlead.yaml': 'docker: false' } }).options.docker, false);
  t.strictSame(load({ env: { DOCKER_HOST: '' } }).options.docker, ['unix:///var/run/docker.sock']);
  const [mistake] = mistakes(load({ env: { DOCKER_HOST: 'ssh://me@host' } }));
  t.match(mistake, 'DOCKER_HOST: docker wants endpoints such as');
});

t.test('DOCKER_CERT_PATH is heard only when DOCKER_TLS_VERIFY asks for TLS', async (t) => {
  const certs = (env: Record<string, string>) => load({ env }).options.dockerCerts;
  t.equal(certs({ DOCKER_CERT_PATH: '/certs' }), undefined);
  t.equal(certs({ DOCKER_CERT_PATH: '/certs', DOCKER_TLS_VERIFY: '' }), undefined);
  t.equal(certs({ DOCKER_CERT_PATH: '/certs', DOCKER_TLS_VERIFY: '1' }), '/certs');
  const ours = { FAIRLEAD_DOCKER_CERTS: '/ours', DOCKER_CERT_PATH: '/certs', DOCKER_TLS_VERIFY: '1' };
  t.equal(certs(ours), '/ours');
});

t.test(
  'a mistake knows whether the command line says it, or what a Fairlead that is asked was told',
  async (t) => {
    const origins = (input: Parameters<typeof load>[0]) => load(input).errors.map(({ origin }) => origin);
    t.same(origins({ args: '--grace soon' }), ['command']);
    t.same(origins({ env: { FAIRLEAD_GRACE: 'soon' } }), ['command']);
    t.same(origins({ files: { 'fairlead.yaml': 'grace: soon' } }), ['configuration']);
    for (const args of [['--config=gone'], ['--config', 'gone'], ['--admin-token-file=gone']])
      t.same(origins({ args }), ['command'], args.join(' '));
    for (const served of [['--config=gone'], ['--admin-token-file', 'gone'], ['--grace', 'soon']])
      t.same(origins({ served }), ['configuration'], `served with ${served.join(' ')}`);
    t.same(
      origins({ env: { FAIRLEAD_CONFIG: 'gone' } }),
      ['configuration'],
      'the file may be gone since then',
    );
  },
);

t.test('what a command is told wins over how the Fairlead that it asks was started', async (t) => {
  const served = ['--admin', ':1', '--grace', '1s'];
  const { options } = load({
    args: '--grace 2s',
    served,
    env: { FAIRLEAD_ADMIN: ':3', FAIRLEAD_GRACE: '3s' },
  });
  t.match(options, { admin: { port: 1 }, grace: 2_000 });
});

t.test(
  'the folder for data is where the programs of a user keep theirs, unless somebody says where',
  async (t) => {
    const data = (env: Record<string, string>, args = '') => load({ env, args }).options.data;
    t.equal(data({}), undefined);
    t.equal(data({ HOME: '/home/me' }), '/home/me/.local/share/fairlead');
    t.equal(data({ HOME: '/home/me', XDG_DATA_HOME: '/srv/me' }), '/srv/me/fairlead');
    t.equal(data({ HOME: 'nowhere' }), undefined, 'what is no path is none');
    t.equal(data({ HOME: '/home/me', FAIRLEAD_DATA: '/data' }), '/data');
    t.equal(data({ HOME: '/home/me' }, '--data /elsewhere'), '/elsewhere');
  },
);

t.test('a certificate for the nameless is a file, that of localhost, or none', async (t) => {
  const fallback = (args: string) => load({ args }).options.defaultCertificate;
  t.equal(fallback(''), 'none');
  t.equal(fallback('--default-certificate internal'), 'internal');
  t.strictSame(fallback('--default-certificate ./internal'), { file: './internal' });
});

t.test('https is off, or a list of addresses as http is', async (t) => {
  t.equal(load({}).options.https, false);
  t.equal(load({ args: '--https off' }).options.https, false);
  t.strictSame(load({ args: '--https :8443,[::1]:1' }).options.https, [
    { host: '::', port: 8443 },
    { host: '::1', port: 1 },
  ]);
});
