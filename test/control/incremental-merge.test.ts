import t from 'tap';
import type { Claim } from '../../src/model/contribution.ts';
import { formatProblem } from '../../src/model/problem.ts';
import { routeName } from '../../src/model/route.ts';
import { makeClaim, makeContribution, mergeContributions } from '../support/claims.ts';

function merge(...claims: Claim[]) {
  return mergeContributions([makeContribution(claims)]);
}

/** `service: its backends` of all services. */
function members(...claims: Claim[]): string[] {
  return merge(...claims).services.map(
    (service) => `${service.name}: ${service.backends.map(({ name }) => name).join(' ')}`,
  );
}

/** `route → service` of all routes. */
function routes(...claims: Claim[]): string[] {
  return merge(...claims).routes.map((route) => `${routeName(route)} → ${route.service}`);
}

function problems(...claims: Claim[]): string[] {
  return merge(...claims).problems.map((problem) => `${problem.severity} ${formatProblem(problem)}`);
}

t.test('one container that claims a host is a service that is named like it', async (t) => {
  const { services, routes, problems } = merge(makeClaim('a'));
  t.match(services, [
    {
      name: 'shop.org',
      balance: 'round-robin',
      backends: [
        { id: 'shop.org/a:80', name: 'a', address: { host: 'a', port: 80 }, weight: 1, backup: false },
      ],
    },
  ]);
  t.same(routes, [{ host: 'shop.org', path: '/', priority: 0, stripPrefix: false, service: 'shop.org' }]);
  t.same(problems, []);
});

t.test('all that claim the same host and path share its traffic', async (t) => {
  t.same(members(makeClaim('a'), makeClaim('b')), ['shop.org: a b']);
  const api = makeClaim('c', { path: '/api' });
  t.same(members(makeClaim('a'), api), ['shop.org: a', 'shop.org/api: c']);
  t.same(routes(makeClaim('a'), api), ['shop.org → shop.org', 'shop.org/api → shop.org/api']);
});

t.test('hosts with the very same members are one service, named like the shortest', async (t) => {
  const hosts = ['www.shop.org', 'shop.org', 'shop.example'];
  const both = [makeClaim('a', { hosts }), makeClaim('b', { hosts: hosts.toReversed() })];
  t.same(members(...both), ['shop.org: a b']);
  t.same(routes(...both), ['shop.example → shop.org', 'shop.org → shop.org', 'www.shop.org → shop.org']);
});

t.test('of names of one length the first in the alphabet is taken', async (t) => {
  t.same(members(makeClaim('a', { hosts: ['b.org', 'a.org'] })), ['a.org: a']);
});

t.test('hosts whose members overlap only in part are services of their own', async (t) => {
  const claims = [
    makeClaim('a', { hosts: ['one.org', 'two.org'] }),
    makeClaim('b', { hosts: ['two.org', 'three.org'] }),
  ];
  t.same(members(...claims), ['one.org: a', 'three.org: b', 'two.org: a b']);
  t.same(problems(...claims), []);
});

t.test('who names a service serves in it, whatever its route', async (t) => {
  const claims = [
    makeClaim('a', { service: 'shop', hosts: ['a.org'] }),
    makeClaim('b', { service: 'shop', hosts: ['b.org'] }),
    makeClaim('c', { service: 'shop', hosts: [] }),
  ];
  t.same(members(...claims), ['shop: a b c']);
  t.same(routes(...claims), ['a.org → shop', 'b.org → shop']);
});

t.test('who names the service that others have by their route joins them', async (t) => {
  const claims = [makeClaim('a'), makeClaim('b', { service: 'shop.org', hosts: ['other.org'] })];
  t.same(members(...claims), ['shop.org: a b']);
  t.same(routes(...claims), ['other.org → shop.org', 'shop.org → shop.org']);
});

t.test('the same route with another priority is another route and another service', async (t) => {
  const claims = [makeClaim('a'), makeClaim('b', { priority: 10 })];
  t.same(members(...claims), ['shop.org: a', 'shop.org priority 10: b']);
  t.match(merge(...claims).routes, [
    { host: 'shop.org', priority: 0, service: 'shop.org' },
    { host: 'shop.org', priority: 10, service: 'shop.org priority 10' },
  ]);
});

t.test('a file’s service and containers that name it are one', async (t) => {
  const file = makeClaim('10.0.0.5', { service: 'shop', source: 'file', settings: { balance: 'random' } });
  const docker = makeClaim('a', { service: 'shop', hosts: [] });
  const merged = mergeContributions([makeContribution([docker]), makeContribution([file], [], 'file')]);
  t.match(merged.services, [
    { name: 'shop', balance: 'random', backends: [{ name: '10.0.0.5' }, { name: 'a' }] },
  ]);
  t.same(merged.problems, []);
});

t.test('the same process may serve in two services', async (t) => {
  const claims = [
    makeClaim('a', { hosts: ['one.org'], weight: 2 }),
    makeClaim('a', { service: 'two', hosts: ['two.org'], weight: 5 }),
  ];
  const backends = merge(...claims).services.map(({ backends }) =>
    backends.map(({ id, weight }) => [id, weight]),
  );
  t.same(backends, [[['one.org/a:80', 2]], [['two/a:80', 5]]]);
});

t.test('what does not serve is no backend, but its route is known', async (t) => {
  const stopped = makeClaim('a', { serves: false });
  t.same(members(stopped), ['shop.org: ']);
  t.same(routes(stopped), ['shop.org → shop.org']);
});

t.test('what a source knows of a backend’s health comes along, by the backend’s id', async (t) => {
  const health = { flags: ['Draining' as const], reason: 'told to stop' };
  const claims = [
    makeClaim('a', { health }),
    makeClaim('b', { service: 'x', hosts: [], health }),
    makeClaim('c'),
  ];
  t.same(merge(...claims).sourceHealth, { 'shop.org/a:80': health, 'x/b:80': health });
});

t.test('weight, backup and the backend’s origin are kept', async (t) => {
  const [service] = merge(makeClaim('a', { weight: 7, backup: true })).services;
  t.match(service?.backends, [{ weight: 7, backup: true, origin: { source: 'docker', name: 'a' } }]);
});

t.test('problems of all sources are kept', async (t) => {
  const problem = { severity: 'error' as const, source: 'x', subject: 'y', where: 'z', message: 'm' };
  const merged = mergeContributions([
    makeContribution([], [problem]),
    makeContribution([], [problem], 'file'),
  ]);
  t.same(merged.problems, [problem, problem]);
});

t.test('a fallback to a service that is not there is a notice on who named it', async (t) => {
  const fallback = [{ kind: 'service' as const, service: 'static' }];
  const claims = [makeClaim('a', { settings: { fallback } }), makeClaim('b', { createdAt: 9 })];
  t.same(problems(...claims), [
    'notice a: fallback: service shop.org falls back to service static, which does not exist now',
  ]);
  t.same(problems(...claims, makeClaim('c', { service: 'static', hosts: [], serves: false })), []);
});

t.test('a service that others fall back to under another name is suggested', async (t) => {
  const fallback = [{ kind: 'service', service: 'statik' }] as const;
  const { problems } = mergeContributions([
    makeContribution([
      makeClaim('a', { settings: { fallback } }),
      makeClaim('b', { service: 'static', hosts: [] }),
      makeClaim('c', { service: 'other', hosts: [] }),
    ]),
  ]);
  t.match(problems, [{ where: 'fallback', hint: 'did you mean static?' }]);
});
