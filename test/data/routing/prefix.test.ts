import fc from 'fast-check';
import t from 'tap';
import { pathMatches } from '../../../src/data/routing/host.ts';
import { normalizePath } from '../../../src/data/routing/path.ts';
import { withoutPrefix } from '../../../src/data/routing/prefix.ts';

function strip(raw: string, prefix = '/api'): string {
  const path = normalizePath(raw);
  if (path === undefined || !pathMatches(prefix, path)) throw new Error(`${raw} is not below ${prefix}`);
  return withoutPrefix(raw, path, prefix);
}

t.test('what is behind a prefix stays byte for byte', async (t) => {
  for (const [raw, rest] of [
    ['/api', '/'],
    ['/api/', '/'],
    ['/api/a/b', '/a/b'],
    ['/api/http://x', '/http://x'],
    ['/api/a//b', '/a//b'],
    ['/api/%7Eme', '/%7Eme'],
    ['/api/a%2fb%2Fc%20', '/a%2fb%2Fc%20'],
    ['/api/%61', '/%61'],
    ['/api/./a', '/./a'],
    ['/api/a/../b', '/a/../b'],
  ] as const) {
    t.equal(strip(raw), rest, raw);
  }
});

t.test('slashes at its beginning become one, which nobody takes for a host', async (t) => {
  for (const raw of ['/api//evil.example', '/api///evil.example', '//api//evil.example'])
    t.equal(strip(raw), '/evil.example', raw);
  t.equal(strip('/api//'), '/');
});

t.test('however the prefix is written it is found', async (t) => {
  for (const [raw, rest] of [
    ['/%61pi/%7e', '/%7e'],
    ['//api/a//', '/a//'],
    ['/./api/%2f', '/%2f'],
    ['/x/../api/./%41', '/./%41'],
    ['/%2e/api/a', '/a'],
  ] as const) {
    t.equal(strip(raw), rest, raw);
  }
  t.equal(strip('/%7Eme/%7E', '/~me'), '/%7E');
  t.equal(strip('/a/b/./c', '/a/b'), '/./c');
  t.equal(strip('/a%2fb/%7E', '/a%2Fb'), '/%7E');
});

t.test('a path that climbs out of the prefix and back leaves only what is below it at the end', async (t) => {
  t.equal(strip('/api/x/../../api/y'), '/y');
  t.equal(strip('/api/../api/y/../z'), '/y/../z');
});

const segment = fc.constantFrom('api', '%61pi', 'v1', 'x', '..', '.', '%2e', '', '%7e', '~', 'a%2fb', 'apis');
const trimmed = (path = '') => path.replace(/\/$/, '');
const rawPath = fc.array(segment, { maxLength: 12 }).map((parts) => `/${parts.join('/')}`);

t.test('prefix and rest mean what the whole meant, and the rest is an end of it', async (t) => {
  let matched = 0;
  fc.assert(
    fc.property(rawPath, fc.constantFrom('/api', '/api/v1', '/~'), (raw, prefix) => {
      const path = normalizePath(raw);
      if (path === undefined || !pathMatches(prefix, path)) return;
      matched++;
      const rest = withoutPrefix(raw, path, prefix);
      const isWhole =
        normalizePath(rest) !== undefined && trimmed(normalizePath(prefix + rest)) === trimmed(path);
      const isEnd = rest === '/' || raw.endsWith(rest);
      if (!isWhole || !isEnd || /^\/\//.test(rest) || !rest.startsWith('/'))
        throw new Error(`${raw} on ${prefix}: ${rest}`);
    }),
    { numRuns: 5_000, seed: 7 },
  );
  t.ok(matched > 200, `${matched} matched`);
});

t.test('a long path takes no longer than its length', async (t) => {
  const raw = `/x${'/../x'.repeat(10_000)}/../api/${'/y/..'.repeat(10_000)}`;
  t.equal(strip(raw), `/${'y/../'.repeat(10_000).slice(0, -1)}`.replace(/\/$/, ''));
});
