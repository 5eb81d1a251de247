import { availableParallelism } from 'node:os';
import t from 'tap';
import { envOf, nameOf, OPTION_KEYS, OPTIONS } from '../../src/config/options.ts';
import { refuses } from '../support/throws.ts';

t.test('flag, file key and variable of an option come of its one name', async (t) => {
  t.equal(nameOf('accessLog'), 'access-log');
  t.equal(envOf('accessLog'), 'FAIRLEAD_ACCESS_LOG');
  t.equal(nameOf('http'), 'http');
  t.equal(envOf('adminTokenFile'), 'FAIRLEAD_ADMIN_TOKEN_FILE');
});

t.test('no two options share a name', async (t) => {
  t.equal(new Set(OPTION_KEYS.map(envOf)).size, OPTION_KEYS.length);
});

t.test('the default that help shows is the default that counts', async (t) => {
  const words = new Set(['none', 'the ones that come with Fairlead']);
  let compared = 0;
  for (const key of OPTION_KEYS) {
    const { defaultText, parse, default: value } = OPTIONS[key];
    if (words.has(defaultText) || defaultText.startsWith('$')) continue;
    t.strictSame(parse(defaultText), value, nameOf(key));
    compared++;
  }
  t.ok(compared >= 12, 'most of them can be compared');
});

t.test('every word that help offers as a value is taken', async (t) => {
  const offered = (text: string) => text.split('|').filter((word) => /^[a-z]+$/.test(word));
  for (const key of OPTION_KEYS) {
    const { value = '', parse } = OPTIONS[key];
    for (const word of offered(value)) t.doesNotThrow(() => parse(word), `--${nameOf(key)} ${word}`);
  }
  for (const level of ['debug', 'info', 'warn', 'error', 'silent']) {
    t.equal(OPTIONS.logLevel.parse(level), level);
    t.match(OPTIONS.logLevel.value, level);
  }
});

t.test('only the token is a secret', async (t) => {
  const secrets = OPTION_KEYS.filter((key) => OPTIONS[key].secret === true);
  t.strictSame(secrets, ['adminToken']);
});

t.test('Docker endpoints are sockets and addresses, which have the port of Docker by default', async (t) => {
  const { parse } = OPTIONS.docker;
  t.equal(parse('off'), false);
  t.strictSame(parse('unix:///run/docker.sock'), ['unix:///run/docker.sock']);
  t.strictSame(parse('tcp://docker'), ['tcp://docker:2375']);
  t.strictSame(parse('https://docker:2376/, tcp://[::1]:2375'), ['tcp://docker:2376', 'tcp://[::1]:2375']);
});

t.test('what is no Docker endpoint is refused', async (t) => {
  for (const text of [
    'docker:2375',
    'unix://docker.sock',
    'unix:///',
    'ssh://me@host',
    'tcp://',
    'tcp://docker/x',
    'tcp://docker:65536',
    'tcp://a b',
    'off,unix:///x',
  ]) {
    refuses(t, () => OPTIONS.docker.parse(text), 'wants endpoints such as unix:///var/run/docker.sock', text);
  }
});

t.test('a trusted proxy is an address, which is a range of one, or a range', async (t) => {
  const { parse } = OPTIONS.trustedProxies;
  const ranges = ['10.0.0.0/8', '10.0.0.1/32', 'fd00::/8', '::1/128', '0.0.0.0/0'];
  t.strictSame(parse('10.0.0.0/8, 10.0.0.1, fd00::/8, ::1, 0.0.0.0/0'), ranges);
  t.strictSame(parse(ranges.join()), ranges, 'a range of one may be written as one');
  for (const text of [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0/8',
    '10.0.0.0/8/8',
    'proxy',
    '10.0.0.0/-1',
  ])
    refuses(t, () => parse(text), `wants addresses or CIDR ranges such as 10.0.0.0/8, not "${text}"`, text);
});

t.test('limits of heads are within what keeps strangers from filling the memory', async (t) => {
  t.equal(OPTIONS.maxHeaderSize.parse('1k'), 1_024);
  t.equal(OPTIONS.maxHeaderSize.parse('64k'), 65_536);
  for (const text of ['1023', '65k', '0'])
    refuses(t, () => OPTIONS.maxHeaderSize.parse(text), 'from 1024 to 65536', text);
  for (const text of ['9', '1001']) refuses(t, () => OPTIONS.maxHeaders.parse(text), 'from 10 to 1000', text);
});

t.test('a timeout that would end everything at once is refused', async (t) => {
  for (const key of ['headerTimeout', 'bodyTimeout', 'idleTimeout'] as const)
    refuses(t, () => OPTIONS[key].parse('0'), 'wants a duration of more than 0', key);
  t.equal(OPTIONS.grace.parse('0'), 0, 'not to wait at the end is a choice');
});

t.test('workers are a number, or as many as there are processors', async (t) => {
  t.equal(OPTIONS.workers.parse('3'), 3);
  t.equal(OPTIONS.workers.parse('auto'), availableParallelism());
  for (const text of ['0', '257', 'many', '1.5'])
    refuses(t, () => OPTIONS.workers.parse(text), 'from 1 to 256', text);
});

t.test('one client has a limit without any setting, another one, or none', async (t) => {
  const { parse, default: unset } = OPTIONS.maxConnectionsPerClient;
  t.equal(unset, 'auto');
  for (const [text, most] of [
    ['auto', 'auto'],
    ['20', 20],
    ['0', 0],
  ] as const)
    t.equal(parse(text), most);
  refuses(t, () => parse('many'), 'many', 'many');
});
