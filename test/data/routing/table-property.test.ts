import fc from 'fast-check';
import t from 'tap';
import { RouteTable } from '../../../src/data/routing/table.ts';
import type { Route } from '../../../src/model/route.ts';

/**
 * The definition, as slow and as plain as it gets: of all routes that fit, the most specific. Old ghosts come last, and no
 * ghost has a priority that beats others.
 */
function naiveMatch(routes: readonly Route[], authority: string, path: string): string | undefined {
  const host = authority.replace(/:\d+$/, '').replace(/\.$/, '').toLowerCase();
  const fitting = routes.filter((route) => fitsHost(route.host, host) && fitsPath(route.path, path));
  fitting.sort(
    (a, b) =>
      Number(a.ghost === 'old') - Number(b.ghost === 'old') ||
      priority(b) - priority(a) ||
      hostRank(b.host) - hostRank(a.host) ||
      b.path.length - a.path.length ||
      // The same route twice.
      Number(a.ghost !== undefined) - Number(b.ghost !== undefined) ||
      b.priority - a.priority,
  );
  return fitting[0]?.service;
}

function priority({ priority, ghost }: Route): number {
  if (ghost === undefined) return priority;
  return ghost === 'new' ? Math.min(priority, 0) : 0;
}

function fitsHost(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.startsWith('*.')) return host === pattern;
  const labels = host.split('.');
  return labels.some(
    (_, i) => i > 0 && labels.slice(0, i).join('.') !== '' && labels.slice(i).join('.') === pattern.slice(2),
  );
}

function fitsPath(prefix: string, path: string): boolean {
  const wanted = prefix.split('/').filter((segment) => segment !== '');
  const given = path.split('/').slice(1);
  return wanted.every((segment, i) => segment === given[i]);
}

function hostRank(host: string): number {
  if (host === '*') return 0;
  return host.startsWith('*.') ? host.length : 1_000;
}

const label = fc.constantFrom('a', 'b', 'c');
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const pattern = fc.oneof(
  name,
  name.map((text) => `*.${text}`),
  fc.constant('*'),
);
const segments = fc.array(fc.constantFrom('x', 'y', 'xy'), { maxLength: 4 });
const prefix = segments.map((parts) => `/${parts.join('/')}`);
const route = fc.record({
  host: pattern,
  path: prefix,
  priority: fc.constantFrom(0, 0, 0, 0, -1, 1, 2),
  ghost: fc.constantFrom(undefined, undefined, 'new' as const, 'old' as const),
});
const authority = fc
  .tuple(name, fc.constantFrom('', '.'), fc.constantFrom('', ':80', ':8080'), fc.boolean())
  .map(([host, dot, port, upper]) => (upper ? host.toUpperCase() : host) + dot + port);
const path = fc
  .tuple(prefix, fc.constantFrom('', '/'))
  .map(([text, slash]) => (text === '/' ? text : text + slash));

/** A table that came about in two steps, of which the first had others as well. */
function half(routes: readonly Route[]): RouteTable<string> {
  const serviceOf = (service: string) => service;
  const middle = routes.length >> 1;
  const others = routes.slice(middle).map((route): Route => {
    return { ...route, ghost: route.ghost === 'old' ? 'new' : 'old' };
  });
  const first = new RouteTable([...routes.slice(0, middle), ...others], serviceOf);
  return first.with({ gone: others, fresh: routes.slice(middle) }, serviceOf);
}

t.test('the table finds what the definition finds', async (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(route, {
        maxLength: 20,
        selector: ({ host, path, priority }) => `${host}${path} ${priority}`,
      }),
      fc.array(fc.tuple(authority, path), { minLength: 1, maxLength: 20 }),
      (drafts, requests) => {
        const routes = drafts.map(({ ghost, ...draft }, i): Route => {
          return { ...draft, service: `s${i}`, stripPrefix: false, ...(ghost && { ghost }) };
        });
        const table = half(routes);
        for (const [host, text] of requests) {
          const expected = naiveMatch(routes, host, text);
          // Twice: a host that is remembered must lead to the same.
          for (let i = 0; i < 2; i++) {
            const found = table.match(host, text)?.service;
            if (found !== expected) throw new Error(`${host}${text}: ${found} instead of ${expected}`);
          }
        }
      },
    ),
    { numRuns: 1_000 },
  );
  t.pass();
});
