import t from 'tap';
import {
  parseAddress,
  parseBoolean,
  parseChoice,
  parseDuration,
  parseInteger,
  parseList,
  parsePort,
  parsePositiveDuration,
  parseSize,
  parseStatusRanges,
} from '../../src/model/parse-values.ts';
import { refuses } from '../support/throws.ts';

t.test('a duration is read in milliseconds, whatever its units', async (t) => {
  const durations: [text: string, ms: number][] = [
    ['0', 0],
    ['0s', 0],
    ['500ms', 500],
    ['5s', 5_000],
    ['1.5s', 1_500],
    ['1m30s', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1h2m3s4ms', 3_723_004],
    ['24d', 2_073_600_000],
  ];
  for (const [text, ms] of durations) t.equal(parseDuration(text), ms, text);
});

t.test('a duration without a unit, with another sign or out of a timer’s reach is refused', async (t) => {
  for (const text of ['', '5', '5 s', '-5s', '5S', 's', '1.s', '.5s', '5sec', '5s!', '1e3s']) {
    refuses(t, () => parseDuration(text), `wants a duration such as 500ms, 5s or 1m30s, not "${text}"`, text);
  }
  refuses(t, () => parseDuration('24d1ms'), 'at most 24d', '24d1ms');
});

t.test('where a duration of nothing makes no sense it is refused', async (t) => {
  t.equal(parsePositiveDuration('1ms'), 1);
  for (const text of ['0', '0s', '0.4ms']) refuses(t, () => parsePositiveDuration(text), 'more than 0', text);
});

t.test('a size counts in 1024, with or without B and i', async (t) => {
  const sizes: [text: string, bytes: number][] = [
    ['0', 0],
    ['16384', 16_384],
    ['100b', 100],
    ['16k', 16_384],
    ['16KB', 16_384],
    ['16 KiB', 16_384],
    ['1MiB', 1_048_576],
    ['2g', 2_147_483_648],
  ];
  for (const [text, bytes] of sizes) t.equal(parseSize(text), bytes, text);
  for (const text of ['', 'k', '1.5k', '-1', '1t', '16kk'])
    refuses(t, () => parseSize(text), `not "${text}"`, text);
});

t.test('a whole number is taken within its range, both ends included', async (t) => {
  const parse = parseInteger(-2, 10);
  for (const text of ['-2', '0', '10', '007']) t.equal(parse(text), Number(text), text);
  for (const text of ['-3', '11', '', ' ', '1.0', '1e1', '+1', '0x1', 'ten']) {
    refuses(t, () => parse(text), `wants a whole number from -2 to 10, not "${text}"`, JSON.stringify(text));
  }
});

t.test('a port is 1 to 65535', async (t) => {
  t.equal(parsePort('1'), 1);
  t.equal(parsePort('65535'), 65_535);
  for (const text of ['0', '65536', 'http']) refuses(t, () => parsePort(text), 'from 1 to 65535', text);
});

t.test('yes and no may be said as YAML, environments and people say them', async (t) => {
  for (const text of ['true', 'TRUE', 'yes', 'on', 'On', '1']) t.equal(parseBoolean(text), true, text);
  for (const text of ['false', 'False', 'no', 'off', 'OFF', '0']) t.equal(parseBoolean(text), false, text);
  for (const text of ['', 'y', '2', 'enabled']) {
    refuses(t, () => parseBoolean(text), `wants true or false, not "${text}"`, JSON.stringify(text));
  }
});

t.test('a choice is one of its words in any case', async (t) => {
  const parse = parseChoice('off', 'json');
  t.equal(parse('JSON'), 'json');
  refuses(t, () => parse('xml'), 'wants one of off, json, not "xml"', 'xml');
  refuses(t, () => parse(''), 'wants one of off, json', 'nothing');
});

t.test('the items of a list are trimmed and empty ones left out', async (t) => {
  t.strictSame(parseList(' a , b,,c , '), ['a', 'b', 'c']);
  t.strictSame(parseList(''), []);
});

t.test('an address without a host is every address of the machine', async (t) => {
  const everywhere = { host: '::', port: 8080 };
  t.strictSame(parseAddress('8080'), everywhere);
  t.strictSame(parseAddress(':8080'), everywhere);
});

t.test('an address has a name, an IPv4 or a bracketed IPv6 address, and a port from 0 on', async (t) => {
  t.strictSame(parseAddress('127.0.0.1:9900'), { host: '127.0.0.1', port: 9900 });
  t.strictSame(parseAddress('localhost:0'), { host: 'localhost', port: 0 });
  t.strictSame(parseAddress('[::1]:65535'), { host: '::1', port: 65_535 });
  t.strictSame(parseAddress('[fe80::1%eth0]:80'), { host: 'fe80::1%eth0', port: 80 });
});

t.test('what is no address is refused with examples of one', async (t) => {
  const texts = [
    '',
    ':',
    'localhost',
    '127.0.0.1',
    '::1:80',
    '[::1]',
    '[]:80',
    ':65536',
    ':000080',
    ':999999',
    ':-1',
    ':80 ',
    'a b:80',
    'http://localhost:80',
  ];
  for (const text of texts) {
    const message = `wants an address such as :8080, 127.0.0.1:8080 or [::1]:8080, not "${text}"`;
    refuses(t, () => parseAddress(text), message, JSON.stringify(text));
  }
});

t.test('statuses are single ones, ranges, classes and lists of them', async (t) => {
  t.strictSame(parseStatusRanges('200'), [[200, 200]]);
  t.strictSame(parseStatusRanges('200-399'), [[200, 399]]);
  t.strictSame(parseStatusRanges('5xx'), [[500, 599]]);
  t.strictSame(parseStatusRanges('1xx,100-199'), [
    [100, 199],
    [100, 199],
  ]);
  t.strictSame(parseStatusRanges('2XX, 301,400-404'), [
    [200, 299],
    [301, 301],
    [400, 404],
  ]);
});

t.test('statuses that do not exist or go backwards are refused', async (t) => {
  for (const text of [
    '99',
    '600',
    '6xx',
    '0xx',
    '299-200',
    '500-600',
    '200-',
    '-200',
    '2x',
    '200 299',
    'ok',
  ]) {
    refuses(t, () => parseStatusRanges(text), `not "${text}"`, text);
  }
  refuses(t, () => parseStatusRanges('200,nope'), 'not "nope"', 'the bad one of a list');
  refuses(t, () => parseStatusRanges(' , '), 'wants at least one status', 'an empty list');
});
