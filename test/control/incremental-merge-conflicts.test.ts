import { deepStrictEqual, ok } from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { IncrementalMerge } from '../../src/control/incremental-merge.ts';
import type { Claim, RouteClaim } from '../../src/model/contribution.ts';
import { formatProblem, type Problem } from '../../src/model/problem.ts';
import type { RouteTls } from '../../src/model/route.ts';
import { routeName } from '../../src/model/route.ts';
import { makeClaim, makeContribution, mergeContributions } from '../support/claims.ts';
import { FakeClock } from '../support/clock.ts';

function merge(...claims: Claim[]) {
  return mergeContributions([makeContribution(claims)]);
}

function owner(...claims: Claim[]): string | undefined {
  return merge(...claims).routes.find((route) => route.host === 'shop.org')?.service;
}

const line = (problem: Problem) => `${problem.severity} ${formatProblem(problem)}`;

t.test(
  'two services that claim one route: who was there first keeps it, the other gets a notice',
  async (t) => {
    const first = makeClaim('a', { service: 'first', createdAt: 1 });
    const second = makeClaim('b', { service: 'another', createdAt: 2 });
    t.equal(owner(first, second), 'first');
    t.same(merge(first, second).problems.map(line), [
      'notice b: host: shop.org is already served by service first, which was there first (join it with service=first, or take another host, path or priority)',
    ]);
    t.equal(merge(first, second).services.length, 2, 'and stays a service that others may name');
  },
);

t.test('a live route is never taken by a newcomer, however many there are', async (t) => {
  const first = makeClaim('a', { createdAt: 1 });
  const more = [2, 3, 4].map((createdAt) =>
    makeClaim(`b${createdAt}`, { service: `s${createdAt}`, createdAt }),
  );
  t.equal(owner(...more, first), 'shop.org');
  const notices = merge(...more, first).problems;
  t.equal(notices.length, 3);
  for (const { message } of notices) t.match(message, 'already served by service shop.org');
});

t.test('the newest of a service’s own containers does not make it a newcomer', async (t) => {
  const first = [makeClaim('a', { createdAt: 1 }), makeClaim('a2', { createdAt: 9 })];
  t.equal(owner(...first, makeClaim('b', { service: 'other', createdAt: 5 })), 'shop.org');
});

t.test('a redeployed service keeps its route, though its containers are now the newer ones', async (t) => {
  const rival = makeClaim('b', { service: 'rival', createdAt: 2 });
  const merge = new IncrementalMerge(new FakeClock());
  merge.update([makeContribution([makeClaim('a', { service: 'shop', createdAt: 1 }), rival])]);
  const after = merge.update([makeContribution([makeClaim('a2', { service: 'shop', createdAt: 3 }), rival])]);
  t.equal(after.routes[0]?.service, 'shop');
  const gone = merge.update([makeContribution([rival])]);
  t.equal(gone.routes[0]?.service, 'rival', 'until nothing of it serves any more');
});

t.test('what serves has the route before what was there first but serves no more', async (t) => {
  const stopped = makeClaim('a', { service: 'first', createdAt: 1, serves: false });
  t.equal(owner(stopped, makeClaim('b', { service: 'second', createdAt: 2 })), 'second');
});

t.test('a hint names only a service that a label may name', async (t) => {
  const first = makeClaim('a', { hosts: ['*.shop.org'], createdAt: 1 });
  const [problem] = merge(
    first,
    makeClaim('b', { service: 's', hosts: ['*.shop.org'], createdAt: 2 }),
  ).problems;
  t.equal(problem?.hint, 'take another host, path or priority');
});

t.test('claims that differ in strip-prefix: the newest wins, the others get a notice', async (t) => {
  const old = makeClaim('old', { path: '/api', createdAt: 1 });
  const young = makeClaim('young', { path: '/api', stripPrefix: true, createdAt: 2 });
  t.match(merge(old, young).routes, [{ path: '/api', stripPrefix: true }]);
  t.same(merge(old, young).problems.map(line), [
    'notice old: strip-prefix: differs from what others of service shop.org/api say, and the newest of them wins',
  ]);
  const elsewhere = makeClaim('old', { path: '/other', createdAt: 1 });
  t.same(merge(elsewhere, young).problems, []);
});

t.test('so it is with what they say of TLS', async (t) => {
  const withTls = (name: string, createdAt: number, said: RouteTls) => {
    const claim = makeClaim(name, { createdAt });
    return { ...claim, routes: claim.routes.map((route) => ({ ...route, ...said })) };
  };
  const old = withTls('old', 1, { tls: 'off', hsts: 'max-age=60' });
  const young = withTls('young', 2, { https: 'both', hsts: 'max-age=60' });
  t.strictSame(merge(old, young).routes, [{ ...young.routes[0], service: 'shop.org' }]);
  t.match(merge(old, young).problems.map(line), [
    /^notice old: tls: differs from what others of service shop.org say/,
    /^notice old: https: differs/,
  ]);
});

t.test('what serves decides before what is newer but does not serve', async (t) => {
  const serving = makeClaim('a', { createdAt: 1, settings: { balance: 'random' } });
  const stopped = makeClaim('b', {
    createdAt: 2,
    serves: false,
    stripPrefix: true,
    settings: { balance: 'least-connections' },
  });
  t.match(merge(serving, stopped), { services: [{ balance: 'random' }], routes: [{ stripPrefix: false }] });
});

t.test('what is there decides before what is newer but only remembered', async (t) => {
  const stopped = makeClaim('a', { createdAt: 1, serves: false });
  const gone = makeClaim('b', { createdAt: 2, serves: false, isGone: true, stripPrefix: true });
  t.match(merge(stopped, gone).routes, [{ stripPrefix: false }]);
});

t.test('a remembered claim keeps its route known, with its fallback', async (t) => {
  const fallback = [{ kind: 'status' as const, status: 418 }];
  const gone = makeClaim('a', { serves: false, isGone: true, settings: { fallback } });
  const { services, routes } = merge(gone);
  t.match(services, [{ name: 'shop.org', fallback, backends: [] }]);
  t.same(routes.map(routeName), ['shop.org']);
});

t.test('a remembered claim decides nothing where a live one does', async (t) => {
  const settings = {
    balance: 'random' as const,
    health: { path: '/old' },
    fallback: [{ kind: 'status' as const, status: 418 }],
  };
  const gone = makeClaim('a', {
    hosts: ['shop.org', 'old.org'],
    serves: false,
    isGone: true,
    createdAt: 9,
    settings,
  });
  for (const live of [makeClaim('b', { createdAt: 1 }), makeClaim('b', { createdAt: 1, serves: false })]) {
    const { services, routes, problems } = merge(gone, live);
    const shop = services.find((service) => service.name === 'shop.org');
    t.match(shop, { balance: 'round-robin', health: { type: 'tcp' }, fallback: undefined });
    t.same(routes.map(routeName), ['old.org', 'shop.org'], 'and its other host stays known');
    t.same(problems, []);
  }
});

t.test('a remembered service gives its route to a live one, without a word', async (t) => {
  const gone = makeClaim('a', { service: 'old', serves: false, isGone: true, createdAt: 1 });
  const { services, routes, problems } = merge(gone, makeClaim('b', { service: 'young', createdAt: 2 }));
  t.match(routes, [{ host: 'shop.org', service: 'young' }]);
  t.same(
    services.map(({ name }) => name),
    ['young'],
  );
  t.same(problems, []);
});

const claims = fc
  .array(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      hosts: fc.subarray(['shop.org', 'www.org', '*.org']),
      path: fc.constantFrom('/', '/api'),
      priority: fc.constantFrom(0, 0, 5),
      stripPrefix: fc.boolean(),
      service: fc.constantFrom(undefined, undefined, 'shop.org', 'named'),
      serves: fc.boolean(),
      createdAt: fc.nat(2),
      weight: fc.nat(2),
      balance: fc.constantFrom('random', 'round-robin', 'least-connections'),
    }),
    { maxLength: 8 },
  )
  .map((all) =>
    all.map(({ name, service, balance, ...parts }) =>
      makeClaim(name, { ...parts, ...(service && { service }), settings: { balance } }),
    ),
  );

t.test('the order of sources and claims does not matter', async () => {
  const cut = claims.chain((list) =>
    fc.tuple(
      fc.constant(list),
      fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
      fc.nat(list.length),
    ),
  );
  const sorted = (problems: readonly Problem[]) => problems.map(line).sort();
  fc.assert(
    fc.property(cut, ([list, shuffled, at]) => {
      const one = merge(...list);
      const parts = [
        makeContribution(shuffled.slice(0, at)),
        makeContribution(shuffled.slice(at), [], 'file'),
      ];
      const other = mergeContributions(parts);
      deepStrictEqual(
        { ...other, problems: sorted(other.problems) },
        { ...one, problems: sorted(one.problems) },
      );
    }),
    { numRuns: 1_000 },
  );
});

t.test('every claimed route is known and leads to one service, whose name no other has', async () => {
  const isUnique = (list: readonly string[]) => new Set(list).size === list.length;
  fc.assert(
    fc.property(claims, (list) => {
      const { services, routes } = merge(...list);
      const names = services.map(({ name }) => name);
      ok(isUnique(names), 'names of services');
      ok(isUnique(services.flatMap(({ backends }) => backends.map(({ id }) => id))), 'ids of backends');
      for (const route of routes) ok(names.includes(route.service), 'a service behind each route');
      const key = (route: RouteClaim) => `${route.host} ${route.path} ${route.priority}`;
      const wanted = new Set(list.flatMap((claim) => claim.routes.map(key)));
      deepStrictEqual(routes.map(key).sort(), [...wanted].sort());
    }),
    { numRuns: 1_000 },
  );
});
