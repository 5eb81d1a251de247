import t from 'tap';
import type { Backend } from '../../src/model/backend.ts';
import type { HealthFlag } from '../../src/model/health.ts';
import type { Route } from '../../src/model/route.ts';
import { makeService, type ServiceSettings } from '../../src/model/service.ts';
import { diffSnapshots, EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';

let version = 0;

/** A snapshot of one service, `shop`, newer than all before. */
function snapshot(parts: {
  readonly backends?: readonly Partial<Backend>[];
  readonly routes?: readonly Partial<Route>[];
  readonly settings?: ServiceSettings;
  readonly flags?: readonly HealthFlag[];
}): Snapshot {
  const { backends = [{}], routes = [{}], settings = {}, flags = [] } = parts;
  const members = backends.map((backend): Backend => {
    const origin = { source: 'test', name: 'a' };
    const address = { host: '10.0.0.1', port: 80 };
    return { id: 'shop/a', name: 'a', address, weight: 1, backup: false, origin, ...backend };
  });
  const health = { flags, reason: 'as the test says', since: 0 };
  version++;
  return {
    ...EMPTY_SNAPSHOT,
    version,
    topologyVersion: version,
    services: [makeService('shop', settings, members)],
    routes: routes.map((route) => {
      return { host: 'a.org', path: '/', priority: 0, stripPrefix: false, service: 'shop', ...route };
    }),
    health: new Map(members.map(({ id }) => [id, health])),
  };
}

t.test('what is new is a line with a plus for each route, service and backend', async (t) => {
  t.strictSame(diffSnapshots(EMPTY_SNAPSHOT, snapshot({})), [
    '+ route a.org → shop',
    '+ service shop',
    '+ backend shop/a 10.0.0.1:80 weight 1',
  ]);
});

t.test('what is gone is a line with a minus', async (t) => {
  t.strictSame(diffSnapshots(snapshot({}), { ...EMPTY_SNAPSHOT, topologyVersion: ++version }), [
    '- route a.org',
    '- service shop',
    '- backend shop/a',
  ]);
});

t.test('what changed is a line that says what it is now', async (t) => {
  const before = snapshot({});
  const lines = diffSnapshots(
    before,
    snapshot({
      routes: [{ service: 'shop', stripPrefix: true }],
      backends: [{ weight: 3, backup: true, address: { host: '::1', port: 81 } }],
    }),
  );
  t.strictSame(lines, ['~ route a.org → shop, prefix stripped', '~ backend shop/a [::1]:81 weight 3 backup']);
  const [policy, ...rest] = diffSnapshots(before, snapshot({ settings: { balance: 'random' } }));
  t.match(policy, /^~ service shop \{.*"balance":"random"/);
  t.strictSame(rest, []);
});

t.test('the same topology in a newer version is no news', async (t) => {
  t.strictSame(diffSnapshots(snapshot({}), snapshot({})), []);
});

t.test('routes that differ in their path or their priority are told apart', async (t) => {
  const after = snapshot({ routes: [{}, { path: '/api' }, { priority: 7 }] });
  t.strictSame(diffSnapshots(snapshot({}), after), [
    '+ route a.org/api → shop',
    '+ route a.org (priority 7) → shop',
  ]);
  t.strictSame(diffSnapshots(after, snapshot({ routes: [{}, { path: '/api' }, { priority: 8 }] })), [
    '- route a.org (priority 7)',
    '+ route a.org (priority 8) → shop',
  ]);
});

t.test('a backend that falls ill or recovers is a line with its reason', async (t) => {
  const well = snapshot({});
  const ill = { ...snapshot({ flags: ['Draining', 'FailedCheck'] }), topologyVersion: well.topologyVersion };
  t.strictSame(diffSnapshots(well, ill), ['health shop/a: Draining+FailedCheck (as the test says)']);
  t.strictSame(diffSnapshots(ill, well), ['health shop/a: available (as the test says)']);
});

t.test('other words for the same health are no news', async (t) => {
  const before = snapshot({ flags: ['Pending'] });
  const after = {
    ...before,
    health: new Map([['shop/a', { flags: ['Pending' as const], reason: 'in other words', since: 9 }]]),
  };
  t.strictSame(diffSnapshots(before, after), []);
});
