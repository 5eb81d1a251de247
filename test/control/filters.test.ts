import t from 'tap';
import { sourceWithHttps } from '../../src/control/https.ts';
import { IncrementalMerge } from '../../src/control/incremental-merge.ts';
import type { Contribution } from '../../src/model/contribution.ts';
import { diffSnapshots, EMPTY_SNAPSHOT } from '../../src/model/snapshot.ts';
import { makeClaim, makeContribution, mergeContributions } from '../support/claims.ts';
import { FakeClock } from '../support/clock.ts';
import { listenerOn } from '../support/listener.ts';

const HEADERS = { headers: { request: { 'X-Team': 'blue' }, response: { Server: '' } } };

t.test('a route without filters is what it always was', async (t) => {
  const { routes, services } = mergeContributions([makeContribution([makeClaim('a')])]);
  t.strictSame(Object.keys(routes[0] ?? {}), ['host', 'path', 'priority', 'stripPrefix', 'service']);
  t.notOk(services.some((service) => 'headers' in service || 'redirect' in service));
});

t.test('all routes of a service have its filters, the very same value', async (t) => {
  const claims = [
    makeClaim('a', { hosts: ['a.org', 'b.org'], settings: HEADERS }),
    makeClaim('b', { hosts: ['c.org'] }),
  ];
  const { routes, services } = mergeContributions([makeContribution(claims)]);
  const [first, second, other] = routes;
  t.match(first, {
    host: 'a.org',
    filters: [
      { kind: 'request-headers', edits: [{ how: 'set', name: 'X-Team', value: 'blue' }] },
      { kind: 'response-headers', edits: [{ how: 'remove', name: 'Server', value: '' }] },
    ],
  });
  t.equal(second?.filters, first?.filters);
  t.notOk(other !== undefined && 'filters' in other);
  t.notOk(
    services.some((service) => 'headers' in service),
    'they belong to the routes',
  );
});

t.test('of containers of one service that differ the newest decides, header by header', async (t) => {
  const settings = (request: Record<string, string>) => ({ headers: { request } });
  const { routes, problems } = mergeContributions([
    makeContribution([
      makeClaim('old', { settings: settings({ 'X-A': 'secret', 'X-B': '1' }), createdAt: 1 }),
      makeClaim('new', { settings: settings({ 'X-A': 'hidden', 'X-C': '3' }), createdAt: 2 }),
    ]),
  ]);
  const edits = [
    { name: 'X-A', value: 'hidden' },
    { name: 'X-B', value: '1' },
    { name: 'X-C', value: '3' },
  ];
  t.match(routes[0]?.filters, [{ kind: 'request-headers', edits }]);
  t.match(problems, [{ severity: 'notice', subject: 'old', where: 'headers.request.X-A' }]);
  t.notMatch(JSON.stringify(problems), /secret|hidden/);
});

t.test('what did not change stays the same value, filters too', async (t) => {
  const merge = new IncrementalMerge(new FakeClock());
  const claim = (settings = structuredClone(HEADERS)) =>
    makeClaim('a', { hosts: ['a.org', 'b.org'], settings });
  const { routes: before } = merge.update([makeContribution([claim()])]);
  const { routes: same } = merge.update([makeContribution([claim()])]);
  t.equal(same[0], before[0]);
  t.equal(same[1], before[1]);
  const { routes: more } = merge.update([makeContribution([claim(), makeClaim('b', { hosts: ['c.org'] })])]);
  t.equal(more[0], before[0]);
  const changed = { headers: { request: { 'X-Team': 'red' }, response: { Server: '' } } };
  const { routes: after } = merge.update([makeContribution([claim(changed)])]);
  t.not(after[0]?.filters, before[0]?.filters);
  t.equal(after[0]?.filters, after[1]?.filters);
});

t.test('the log tells what filters a route has, but for secrets', async (t) => {
  const settings = { redirect: 'https' as const, headers: { request: { Authorization: 'Basic secret' } } };
  const { routes, services } = mergeContributions([makeContribution([makeClaim('a', { settings })])]);
  const lines = diffSnapshots(EMPTY_SNAPSHOT, { ...EMPTY_SNAPSHOT, routes, services }).map(
    ({ line }) => line,
  );
  t.ok(lines.includes('+ route shop.org → shop.org, redirect=https; headers.request.Authorization=…'));
  t.notMatch(lines.join('\n'), /secret/);
});

t.test('a redirect to https without anybody who listens by it is told', async (t) => {
  const contribution = makeContribution([
    makeClaim('a', { settings: { redirect: 'https' } }),
    makeClaim('b'),
    makeClaim('c', { settings: { redirect: 'https' }, isGone: true }),
  ]);
  const source = { name: 'docker', watch: (publish: (one: Contribution) => void) => publish(contribution) };
  const told = (...listeners: Parameters<typeof sourceWithHttps>[0]) => {
    let found: Contribution | undefined;
    sourceWithHttps(listeners, source).watch((one) => {
      found = one;
    }, new AbortController().signal);
    return found;
  };
  t.strictSame(told(listenerOn(80))?.problems, [
    {
      severity: 'notice',
      source: 'docker',
      subject: 'a',
      where: 'redirect',
      message: 'has no effect, since Fairlead listens nowhere by https',
    },
  ]);
  t.equal(told(listenerOn(80), listenerOn(443, { tls: true })), contribution);
});

t.test('of a service of a file it is told once, and of which', async (t) => {
  const backend = (port: number) =>
    makeClaim('fairlead.yaml', { service: 'shop', port, settings: { redirect: 'https' }, source: 'file' });
  const contribution = makeContribution([backend(80), backend(81)]);
  const source = { name: 'file', watch: (publish: (one: Contribution) => void) => publish(contribution) };
  const found: Contribution[] = [];
  sourceWithHttps([], source).watch((one) => found.push(one), new AbortController().signal);
  t.match(found[0]?.problems, [{ subject: 'fairlead.yaml', where: 'services.shop.redirect' }]);
  t.equal(found[0]?.problems.length, 1);
});
