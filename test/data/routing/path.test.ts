import fc from 'fast-check';
import t from 'tap';
import { normalizePath } from '../../../src/data/routing/path.ts';

t.test('a plain path is itself, without its query', async (t) => {
  for (const path of ['/', '/a', '/a/b/', '/a.b/c..d', '/~x/(y);z=1,2', '/a:b@c', '/.well-known-x', '/...']) {
    t.equal(normalizePath(path), path);
  }
  t.equal(normalizePath('/a?b/../c//%zz\\'), '/a');
  t.equal(normalizePath('/?'), '/');
});

t.test('names for the same path become the same', async (t) => {
  for (const [path, normal] of [
    ['/%61%2D%7e', '/a-~'],
    ['/%2f%5c%3b', '/%2F%5C%3B'],
    ['/%c3%a9', '/%C3%A9'],
    ['//a///b//', '/a/b/'],
    ['/./a/./b/.', '/a/b/'],
    ['/a/../b', '/b'],
    ['/a/b/..', '/a/'],
    ['/a/b/../..', '/'],
    ['/a/%2e/b', '/a/b'],
    ['/a//../b', '/b'],
    ['/.', '/'],
    ['/.hidden', '/.hidden'],
    ['/..a/b..', '/..a/b..'],
    ['/%252e%252e/a', '/%252e%252e/a'],
  ] as const) {
    t.equal(normalizePath(path), normal, path);
  }
});

t.test('what has no honest use is refused', async (t) => {
  for (const path of [
    '/..',
    '/../a',
    '/a/../../b',
    '/a/%2e%2e/b',
    '/a/.%2E/b',
    '/a/%2e.',
    '/a\\b',
    '/%00',
    '/a%',
    '/a%4',
    '/a%4g',
    '/a%zzb',
    '/.%2e/%61',
  ]) {
    t.equal(normalizePath(path), undefined, path);
  }
});

t.test('a climb that one side of a proxy may not see is refused, and a plain one is not', async (t) => {
  const hidden = [
    '/a/..%2fb',
    '/a%2f..%2Fb',
    '/a%2f../b',
    '/a/..%5cb',
    '/a/..;/b',
    '/a/..;x=y',
    '/a/..%3b/b',
  ];
  for (const path of [...hidden, '/a/%2e%2e%2fb', '/a/../b/..%2fc'])
    t.equal(normalizePath(path), undefined, path);
  for (const [path, normal] of [
    ['/a/../b/../c', '/c'],
    ['/a/..b;/c', '/a/..b;/c'],
    ['/a..%2fb', '/a..%2Fb'],
    ['/a/...%2fb', '/a/...%2Fb'],
    ['/a;../b', '/a;../b'],
  ] as const) {
    t.equal(normalizePath(path), normal, path);
  }
});

t.test('a normal path is normal, and never leaves a way up', async (t) => {
  const pieces = ['/', '.', '..', '%2e', '%2E', '%2f', '%41', '%00', 'a', 'b', '//', '\\', '%', ';'];
  const path = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => `/${parts.join('')}`);
  fc.assert(
    fc.property(path, (text) => {
      const normal = normalizePath(text);
      if (normal === undefined) return true;
      return normalizePath(normal) === normal && !/\/\.{0,2}\/|\/\.{1,2}$|\\|%2e/i.test(normal);
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});
