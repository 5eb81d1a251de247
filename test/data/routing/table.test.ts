import t from 'tap';
import { hostOf } from '../../../src/data/routing/host.ts';
import { RouteTable } from '../../../src/data/routing/table.ts';
import type { Filter } from '../../../src/model/filter.ts';
import type { Route } from '../../../src/model/route.ts';
import { heapInUse } from '../../support/memory.ts';

/** A table of `host/path` routes, each leading to a service of its own name; `!N` is its priority. */
function table(...names: string[]): RouteTable<string> {
  const routes = names.map((name): Route => {
    const [pattern = '', priority = '0'] = name.split('!');
    const slash = pattern.indexOf('/');
    return {
      host: slash === -1 ? pattern : pattern.slice(0, slash),
      path: slash === -1 ? '/' : pattern.slice(slash),
      priority: Number(priority),
      service: name,
      stripPrefix: false,
    };
  });
  return new RouteTable(routes, (name) => name);
}

const match = (routes: RouteTable<string>, host: string, path = '/') => routes.match(host, path)?.service;

t.test(
  'an exact host wins over a wildcard, the longer wildcard over the shorter, and any comes last',
  async (t) => {
    const routes = table('*', '*.org', '*.x.org', 'a.x.org');
    t.equal(match(routes, 'a.x.org'), 'a.x.org');
    t.equal(match(routes, 'b.x.org'), '*.x.org');
    t.equal(match(routes, 'a.b.x.org'), '*.x.org');
    t.equal(match(routes, 'x.org'), '*.org');
    t.equal(match(routes, 'org'), '*');
    t.equal(match(routes, 'x.com'), '*');
    t.equal(match(routes, ''), '*');
  },
);

t.test('a wildcard stands for at least one whole label', async (t) => {
  const routes = table('*.x.org');
  t.equal(match(routes, 'x.org'), undefined);
  t.equal(match(routes, 'ax.org'), undefined);
  t.equal(match(routes, '.x.org'), undefined);
  t.equal(match(table('*.x.org!1'), '.x.org'), undefined);
  t.equal(match(routes, 'a.x.org.evil.com'), undefined);
});

t.test('the host is compared without its case, its port and the dot of the root', async (t) => {
  const routes = table('a.x.org', '*.y.org', '[2001:db8::1]', '127.0.0.1');
  for (const host of ['a.x.org', 'A.X.Org', 'a.x.org:8080', 'a.x.org.', 'A.x.org.:1']) {
    t.equal(match(routes, host), 'a.x.org', host);
  }
  t.equal(match(routes, 'B.Y.ORG.:80'), '*.y.org');
  t.equal(match(routes, '[2001:DB8::1]'), '[2001:db8::1]');
  t.equal(match(routes, '[2001:db8::1]:8080'), '[2001:db8::1]');
  t.equal(match(routes, '127.0.0.1:80'), '127.0.0.1');
  t.equal(match(routes, 'a.x.org..'), undefined);
  t.equal(hostOf('[::1]:80'), '[::1]');
});

t.test('the longest path wins, on segment boundaries', async (t) => {
  const routes = table('h', 'h/api', 'h/api/v1', 'h/apple/a/b/c');
  for (const [path, service] of [
    ['/', 'h'],
    ['/ap', 'h'],
    ['/api', 'h/api'],
    ['/api/', 'h/api'],
    ['/apix', 'h'],
    ['/api/v', 'h/api'],
    ['/api/v1', 'h/api/v1'],
    ['/api/v1/x/y', 'h/api/v1'],
    ['/api/v10', 'h/api'],
    ['/apple/a/b/cd', 'h'],
    ['/apple/a/b/c/d', 'h/apple/a/b/c'],
    ['/API', 'h'],
  ] as const) {
    t.equal(match(routes, 'h', path), service, path);
  }
});

t.test('a host whose paths do not match leaves the request to a less specific one', async (t) => {
  const routes = table('a.x.org/api', '*.x.org/web', '*/any');
  t.equal(match(routes, 'a.x.org', '/api/x'), 'a.x.org/api');
  t.equal(match(routes, 'a.x.org', '/web'), '*.x.org/web');
  t.equal(match(routes, 'a.x.org', '/any'), '*/any');
  t.equal(match(routes, 'a.x.org', '/'), undefined);
});

t.test('a priority overrides what is more specific', async (t) => {
  const routes = table('a.org', 'a.org/x', '*/x!1', '*!-1', 'a.org/x/y!2', '*.org!-1');
  t.equal(match(routes, 'a.org', '/x'), '*/x!1');
  t.equal(match(routes, 'a.org', '/x/y/z'), 'a.org/x/y!2');
  t.equal(match(routes, 'a.org', '/z'), 'a.org');
  t.equal(match(routes, 'b.org', '/z'), '*.org!-1');
  t.equal(match(routes, 'b.com', '/z'), '*!-1');
});

t.test(
  'a request looks at none of the thousands of routes with priorities that are not its own',
  async (t) => {
    let looks = 0;
    const routes = Array.from({ length: 2_000 }, (_, i): Route => {
      const host = `h${i}.org`;
      const route = { path: '/', priority: 1 + i, service: 'other', stripPrefix: false };
      const get = () => {
        looks++;
        return host;
      };
      return Object.defineProperty(route, 'host', { get }) as Route;
    });
    const own: Route = { host: 'own.org', path: '/', priority: 0, service: 'own', stripPrefix: false };
    const built = new RouteTable([...routes, own], (service) => service);
    looks = 0;
    t.equal(built.match('own.org', '/x')?.service, 'own');
    t.equal(built.match('h7.org', '/x')?.service, 'other');
    t.equal(looks, 0);
  },
);

t.test('a path of a route is compared as requests are', async (t) => {
  t.equal(match(table('h/%7Euser'), 'h', '/~user/x'), 'h/%7Euser');
  t.equal(match(table('h/%7Euser!1'), 'h', '/~user/x'), 'h/%7Euser!1');
});

t.test('a route to a service that is not there is left out', async (t) => {
  const route = { host: '*', path: '/', priority: 0, service: 'gone', stripPrefix: false };
  t.equal(new RouteTable([route], () => undefined).match('a', '/'), undefined);
});

t.test('no routes match nothing', async (t) => {
  t.equal(match(table(), 'a'), undefined);
});

t.test('a long hostile path costs no more than an honest one', async (t) => {
  const routes = table('h', 'h/a/b');
  const hostile = [`/${'/'.repeat(100_000)}`, '/a'.repeat(100_000), `/a/b${'x'.repeat(200_000)}`];
  for (const path of hostile) t.equal(match(routes, 'h', path), 'h');
  t.equal(match(routes, 'h', `/a/b/${'c/'.repeat(100_000)}`), 'h/a/b');
  const started = process.threadCpuUsage().user;
  for (let i = 0; i < 20_000; i++) match(routes, 'h', hostile[i % 3] as string);
  // Looking at each of the 100,000 segments would take minutes.
  t.ok(process.threadCpuUsage().user - started < 5_000_000);
});

t.test('a flood of invented hosts is answered and forgotten', async (t) => {
  for (const [length, flood] of [
    [200, 50_000],
    [10_000, 3_000],
  ] as const) {
    const routes = table('*.x.org', 'y.org');
    const before = heapInUse();
    for (let i = 0; i < flood; i++) {
      const host = `${i}-${'a'.repeat(length)}.x.org`;
      if (match(routes, host) !== '*.x.org') t.fail(host.slice(0, 20));
    }
    const grown = heapInUse() - before;
    t.ok(grown < (length * flood) / 4, `${flood} hosts of ${length} bytes: ${grown} bytes more`);
    t.equal(match(routes, 'y.org'), 'y.org');
  }
});

t.test('a host that is remembered does not keep the head that it came with', async (t) => {
  const routes = table('*.x.org');
  const before = heapInUse();
  for (let i = 0; i < 3_000; i++) {
    const head = Buffer.from(`${'h'.repeat(10_000)}name-${i}.x.org`).toString('latin1');
    match(routes, head.slice(10_000));
  }
  const grown = heapInUse() - before;
  t.ok(grown < 5_000_000, `${grown} bytes more, of 30 MB that came`);
  t.equal(match(routes, 'y.x.org'), '*.x.org');
});

t.test('filters are made ready for those routes that have them, when the table is built', async (t) => {
  const made: string[] = [];
  const filtersOf = ({ filters }: Route) => {
    if (filters === undefined) return undefined;
    made.push(filters.map(({ kind }) => kind).join());
    return 'ready';
  };
  const route = (host: string, filters?: readonly Filter[]): Route => ({
    host,
    path: '/',
    priority: 0,
    service: host,
    stripPrefix: false,
    ...(filters && { filters }),
  });
  const redirect: Filter = { kind: 'redirect', to: 'https' };
  const plain = new RouteTable<string, string>([route('plain')], (name) => name, filtersOf);
  t.same(made, []);
  const both = plain.with({ gone: [], fresh: [route('filtered', [redirect])] }, (name) => name, filtersOf);
  t.same(made, ['redirect']);
  t.equal(both.match('filtered', '/')?.filters, 'ready');
  t.equal(both.match('plain', '/'), plain.match('plain', '/'), 'the other is the very same entry');
  t.equal(both.match('plain', '/')?.filters, undefined);
  t.same(made, ['redirect'], 'a request costs none');
});
