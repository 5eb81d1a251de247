import t from 'tap';
import { parseRouteHost, parseRoutePath } from '../../src/model/parse-values.ts';
import { refuses } from '../support/throws.ts';

t.test('a host is a name in lower case without the dot of its root', async (t) => {
  const hosts: [text: string, host: string][] = [
    ['shop.localhost', 'shop.localhost'],
    ['Shop.Example.ORG', 'shop.example.org'],
    ['shop.example.org.', 'shop.example.org'],
    ['a', 'a'],
    ['my_app.my_net', 'my_app.my_net'],
    ['10.0.0.1', '10.0.0.1'],
    ['[::1]', '[::1]'],
    ['[FE80::A]', '[fe80::a]'],
  ];
  for (const [text, host] of hosts) t.equal(parseRouteHost(text), host, text);
});

t.test('a wildcard stands for any host, or for the first labels of one', async (t) => {
  t.equal(parseRouteHost('*'), '*');
  t.equal(parseRouteHost('*.Example.org'), '*.example.org');
  for (const text of ['*.', '*x.org', 'a.*.org', 'a.*', '**.org', '*.*', '*.[::1]'])
    refuses(t, () => parseRouteHost(text), `not "${text}"`, text);
});

t.test('a host in letters of another alphabet becomes what browsers send', async (t) => {
  t.equal(parseRouteHost('bücher.example'), 'xn--bcher-kva.example');
  t.equal(parseRouteHost('*.BÜCHER.example'), '*.xn--bcher-kva.example');
  t.equal(parseRouteHost('例え.jp'), 'xn--r8jz45g.jp');
});

t.test('a host in another alphabet loses no port or path on the way', async (t) => {
  for (const text of [
    'bücher.example:8080',
    'bücher.example/api',
    'me@bücher.example',
    'bücher.example?x',
    'bücher.example#x',
    'bücher.example\\x',
    'b%41ücher.example',
    'bü\ncher.example',
    'bü cher.example',
  ]) {
    refuses(t, () => parseRouteHost(text), 'wants hosts such as', JSON.stringify(text));
  }
});

t.test('what is no name is refused, with a hint when it is clear what was meant', async (t) => {
  const mistakes: [text: string, hint: string][] = [
    ['http://shop.example.org', '(leave out the scheme)'],
    ['https://shop.example.org/x', '(leave out the scheme)'],
    ['shop.example.org:8080', '(leave out the port'],
    ['::1', '(an IPv6 address stands in brackets)'],
    ['2001:db8::7', '(an IPv6 address stands in brackets)'],
    ['shop.example.org/api', '(a path goes into its own key)'],
    ['shop.example.org www.example.org', '(put commas between hosts)'],
    ['Host(`shop.example.org`)', '(only the name itself, without Host(…); a path goes into its own key)'],
    [
      'Host(`a.org`) || Host(`b.org`)',
      '(only the name itself, without Host(…); a path goes into its own key)',
    ],
  ];
  for (const [text, hint] of mistakes) refuses(t, () => parseRouteHost(text), hint, text);
  for (const text of [
    '',
    '.',
    'a..b',
    '-a.org',
    'a,b',
    '[::1]x',
    '[shop]',
    `${'a'.repeat(64)}.org`,
    `a.${'b'.repeat(64)}`,
  ]) {
    refuses(t, () => parseRouteHost(text), /not ".*"$/s, JSON.stringify(text));
  }
});

t.test('a host is at most as long as a DNS name', async (t) => {
  const label = 'a'.repeat(63);
  const longest = `${label}.${label}.${label}.${'a'.repeat(61)}`;
  t.equal(longest.length, 253);
  t.equal(parseRouteHost(longest), longest);
  refuses(t, () => parseRouteHost(`${longest}a`), 'wants hosts', '254 characters');
});

t.test('a slash at the end of a path means nothing', async (t) => {
  t.equal(parseRoutePath('/'), '/');
  t.equal(parseRoutePath('/api'), '/api');
  t.equal(parseRoutePath('/api/'), '/api');
  t.equal(parseRoutePath('/a/'), '/a');
  t.equal(parseRoutePath('/...'), '/...');
  t.equal(parseRoutePath('/API/v1.0/..x'), '/API/v1.0/..x');
});

t.test('a path that is no plain prefix is refused', async (t) => {
  for (const text of ['', 'api', '*', 'http://x/']) {
    refuses(t, () => parseRoutePath(text), `wants a path that begins with /, not "${text}"`, text);
  }
  for (const text of [
    '/a?b',
    '/a#b',
    '/a*',
    '//',
    '/a//b',
    '/.',
    '/a/../b',
    '/a/..',
    '/a\\b',
    '/a b',
    '/ü',
  ]) {
    refuses(t, () => parseRoutePath(text), 'wants a plain path prefix such as /api', text);
  }
});
