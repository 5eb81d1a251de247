import t from 'tap';
import { Publisher, type SnapshotParts } from '../../src/control/publisher.ts';
import { makeService } from '../../src/model/service.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { FakeClock, settle } from '../support/clock.ts';

const UP = { flags: [], reason: 'HTTP 200', since: 0 };

/** The parts of a snapshot with one service; made anew each time, so that only their content is equal. */
function makeParts(name: string, more: Partial<SnapshotParts> = {}): SnapshotParts {
  return {
    services: [makeService(name, {}, [])],
    routes: [{ host: 'shop.org', path: '/', priority: 0, stripPrefix: false, service: name }],
    health: new Map([['a', UP]]),
    problems: [],
    sources: [],
    ...more,
  };
}

function setUp() {
  const clock = new FakeClock();
  const publisher = new Publisher(clock);
  const seen: [Snapshot, Snapshot][] = [];
  const unsubscribe = publisher.subscribe((snapshot, before) => seen.push([snapshot, before]));
  const publish = async (parts: SnapshotParts) => {
    publisher.publish(parts);
    await settle();
    return publisher.current;
  };
  return { clock, publisher, seen, unsubscribe, publish };
}

t.test('before anything is published the snapshot is empty', async (t) => {
  t.match(setUp().publisher.current, { version: 0, topologyVersion: 0, services: [], routes: [] });
});

t.test('a snapshot has the next version, its time, and the one before it', async (t) => {
  const { clock, publish, seen } = setUp();
  const first = await publish(makeParts('a'));
  await clock.advance(7_000);
  const second = await publish(makeParts('b'));
  t.match(second, { version: 2, topologyVersion: 2, createdAt: clock.now(), services: [{ name: 'b' }] });
  t.equal(seen.length, 2);
  t.equal(seen[1]?.[0], second);
  t.equal(seen[1]?.[1], first);
});

t.test('what changes nothing is not published', async (t) => {
  const { publish, seen } = setUp();
  const first = await publish(makeParts('a'));
  t.equal(await publish(makeParts('a')), first);
  t.equal(seen.length, 1);
});

t.test('of several within one turn only the last is published', async (t) => {
  const { publisher, publish, seen } = setUp();
  publisher.publish(makeParts('a'));
  publisher.publish(makeParts('b'));
  t.equal(publisher.current.version, 0, 'not before the turn is over');
  await publish(makeParts('c'));
  t.equal(seen.length, 1);
  t.match(publisher.current, { version: 1, services: [{ name: 'c' }] });
});

t.test('a change that is undone within a turn is none', async (t) => {
  const { publisher, publish, seen } = setUp();
  await publish(makeParts('a'));
  publisher.publish(makeParts('b'));
  await publish(makeParts('a'));
  t.equal(seen.length, 1);
});

t.test('the version of the topology moves with services and routes only', async (t) => {
  const { publish } = setUp();
  const first = await publish(makeParts('a'));
  const problem = { severity: 'error' as const, source: 'x', subject: 'y', where: 'z', message: 'm' };
  const later = [
    await publish(makeParts('a', { health: new Map([['a', { ...UP, flags: ['Draining' as const] }]]) })),
    await publish(makeParts('a', { problems: [problem] })),
    await publish(makeParts('a', { sources: [{ name: 'x', target: 'y', connected: true }] })),
  ];
  t.same(
    later.map(({ version, topologyVersion }) => [version, topologyVersion]),
    [
      [2, 1],
      [3, 1],
      [4, 1],
    ],
  );
  for (const { services, routes } of later) {
    t.equal(services, first.services, 'they are the very same');
    t.equal(routes, first.routes);
  }
  const [route] = first.routes;
  t.ok(route);
  const rerouted = await publish(makeParts('a', { routes: route ? [{ ...route, stripPrefix: true }] : [] }));
  t.equal(rerouted.topologyVersion, rerouted.version, 'and it is that of the snapshot that moved it');
});

t.test('who subscribes hears of what comes, and after that of nothing', async (t) => {
  const { publisher, publish, seen, unsubscribe } = setUp();
  await publish(makeParts('a'));
  const late: Snapshot[] = [];
  publisher.subscribe((snapshot) => late.push(snapshot));
  await publish(makeParts('b'));
  unsubscribe();
  await publish(makeParts('c'));
  t.equal(seen.length, 2);
  t.equal(late.length, 2);
});

t.test('what a subscriber publishes comes after what it was told', async (t) => {
  const { publisher, publish } = setUp();
  const versions: number[] = [];
  publisher.subscribe((snapshot) => {
    versions.push(snapshot.version);
    if (snapshot.version === 1) publisher.publish(makeParts('b'));
  });
  await publish(makeParts('a'));
  t.same(versions, [1, 2]);
});

t.test('a subscriber that throws keeps no other from hearing', async (t) => {
  const publisher = new Publisher(new FakeClock());
  const before = internalErrors.counts['snapshot'] ?? 0;
  const seen: number[] = [];
  publisher.subscribe(() => {
    throw new Error('injected');
  });
  const unsubscribe = publisher.subscribe(({ version }) => seen.push(version));
  for (const name of ['a', 'b']) {
    publisher.publish(makeParts(name));
    await settle();
  }
  t.strictSame(seen, [1, 2]);
  t.equal(internalErrors.counts['snapshot'], before + 2);
  unsubscribe();
  publisher.publish(makeParts('c'));
  await settle();
  t.equal(seen.length, 2);
});
