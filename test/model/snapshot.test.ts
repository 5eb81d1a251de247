import t from 'tap';
import type { Backend } from '../../src/model/backend.ts';
import { describeFlags, type HealthFlag } from '../../src/model/health.ts';
import type { Route } from '../../src/model/route.ts';
import { makeService, type ServiceSettings } from '../../src/model/service.ts';
import { diffSnapshots, EMPTY_SNAPSHOT, healthChanges, type Snapshot } from '../../src/model/snapshot.ts';

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

function linesOf(before: Snapshot, after: Snapshot): string[] {
  return diffSnapshots(before, after).map(({ line }) => line);
}

t.test('what is new is a line with a plus for each route, service and backend', async (t) => {
  t.strictSame(linesOf(EMPTY_SNAPSHOT, snapshot({})), [
    '+ route a.org → shop',
    '+ service shop',
    '+ backend a of shop 10.0.0.1:80 weight 1',
  ]);
});

t.test('what is gone is a line with a minus', async (t) => {
  t.strictSame(linesOf(snapshot({}), { ...EMPTY_SNAPSHOT, topologyVersion: ++version }), [
    '- route a.org',
    '- service shop',
    '- backend a of shop',
  ]);
});

t.test('what changed is a line that says what it is now', async (t) => {
  const before = snapshot({});
  const lines = linesOf(
    before,
    snapshot({
      routes: [{ service: 'shop', stripPrefix: true }],
      backends: [{ weight: 3, backup: true, address: { host: '::1', port: 81 } }],
    }),
  );
  t.strictSame(lines, [
    '~ route a.org → shop, prefix stripped',
    '~ backend a of shop [::1]:81 weight 3 backup',
  ]);
  const [policy, ...rest] = linesOf(before, snapshot({ settings: { balance: 'random' } }));
  t.match(policy, /^~ service shop \{.*"balance":"random"/);
  t.strictSame(rest, []);
});

t.test('the same topology in a newer version is no news', async (t) => {
  t.strictSame(linesOf(snapshot({}), snapshot({})), []);
});

t.test('routes that differ in their path or their priority are told apart', async (t) => {
  const after = snapshot({ routes: [{}, { path: '/api' }, { priority: 7 }] });
  t.strictSame(linesOf(snapshot({}), after), [
    '+ route a.org/api → shop',
    '+ route a.org (priority 7) → shop',
  ]);
  t.strictSame(linesOf(after, snapshot({ routes: [{}, { path: '/api' }, { priority: 8 }] })), [
    '- route a.org (priority 7)',
    '+ route a.org (priority 8) → shop',
  ]);
});

t.test(
  'a backend that falls ill or recovers is a change of health, and only the first is a failure',
  async (t) => {
    const well = snapshot({});
    const ill = snapshot({ flags: ['Draining', 'FailedCheck'] });
    const tell = (before: Snapshot, after: Snapshot) =>
      healthChanges(before, after).map(({ service, backend, health, isFailure }) => [
        ...[service, backend.name, describeFlags(health.flags), health.reason],
        isFailure,
      ]);
    t.strictSame(tell(well, ill), [['shop', 'a', 'draining, failing its check', 'as the test says', true]]);
    t.strictSame(tell(ill, well), [['shop', 'a', 'available', 'as the test says', false]]);
    t.strictSame(
      tell(well, snapshot({ flags: ['Draining'] })).map(([, , , , isFailure]) => isFailure),
      [false],
    );
    t.strictSame(
      tell(ill, snapshot({ flags: ['FailedCheck'] })).map(([, , , , isFailure]) => isFailure),
      [false],
    );
  },
);

t.test('other words for the same health are no news', async (t) => {
  const before = snapshot({ flags: ['Pending'] });
  const after = {
    ...before,
    health: new Map([['shop/a', { flags: ['Pending' as const], reason: 'in other words', since: 9 }]]),
  };
  t.strictSame(healthChanges(before, after), []);
});

t.test('two backends of one name are told apart', async (t) => {
  const two = snapshot({ backends: [{ id: 'shop/a' }, { id: 'shop/b' }] });
  t.strictSame(linesOf(two, snapshot({ backends: [{ id: 'shop/b' }] })), ['- backend a of shop']);
});
