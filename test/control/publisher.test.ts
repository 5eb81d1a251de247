import t from 'tap';
import { Publisher, type SnapshotParts } from '../../src/control/publisher.ts';
import { makeService } from '../../src/model/service.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { internalErrors } from '../../src/telemetry/internal-errors.ts';
import { FakeClock, settle } from '../support/clock.ts';

const UP = { flags: [], reason: 'HTTP 200', since: 0 };
const HEALTH = new Map([['a', UP]]);

/** The parts of a snapshot with one service; made anew each time but for the health, so that only their content is equal. */
function makeParts(name: string, more: Partial<SnapshotParts> = {}): SnapshotParts {
  return {
    services: [makeService(name, {}, [])],
    routes: [{ host: 'shop.org', path: '/', priority: 0, stripPrefix: false, service: name }],
    health: HEALTH,
    problems: [],
    sources: [],
    ...more,
  };
}

function setUp() {
  const clock = new FakeClock();
  let parts = makeParts('');
  let collections = 0;
  const publisher = new Publisher(clock, () => {
    collections++;
    return parts;
  });
  const seen: [Snapshot, Snapshot][] = [];
  publisher.subscribe((snapshot, before) => seen.push([snapshot, before]));
  /** There is something else, and it is to be published. */
  const become = (next: SnapshotParts, gapMs = 0) => {
    parts = next;
    publisher.publishSoon(gapMs);
  };
  const publish = async (next: SnapshotParts) => {
    become(next);
    await settle();
    return publisher.current;
  };
  return { clock, publisher, seen, become, publish, collections: () => collections };
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
  const { publisher, become, publish, seen, collections } = setUp();
  become(makeParts('a'));
  become(makeParts('b'));
  t.equal(publisher.current.version, 0, 'not before the turn is over');
  await publish(makeParts('c'));
  t.equal(seen.length, 1);
  t.equal(collections(), 1, 'and nobody asks for the others');
  t.match(publisher.current, { version: 1, services: [{ name: 'c' }] });
});

t.test('a change that is undone within a turn is none', async (t) => {
  const { become, publish, seen } = setUp();
  await publish(makeParts('a'));
  become(makeParts('b'));
  await publish(makeParts('a'));
  t.equal(seen.length, 1);
});

t.test('with a gap there is one snapshot a moment later, unless somebody wants it now', async (t) => {
  const { clock, publisher, become, seen } = setUp();
  become(makeParts('a'), 5);
  await settle();
  t.equal(seen.length, 1, 'the first is at once');
  become(makeParts('b'), 5);
  await clock.advance(4);
  become(makeParts('c'), 5);
  t.equal(seen.length, 1);
  await clock.advance(1);
  t.match(seen.at(-1)?.[0], { version: 2, services: [{ name: 'c' }] });
  become(makeParts('d'), 5);
  publisher.publish();
  await settle();
  t.match(publisher.current, { version: 3, services: [{ name: 'd' }] });
  await clock.advance(10);
  t.equal(seen.length, 3, 'and it does not come twice');
});

t.test('one that is stopped publishes nothing more, not even what was due', async (t) => {
  const { clock, publisher, become, publish, seen } = setUp();
  become(makeParts('a'));
  publisher.stop();
  await publish(makeParts('b'));
  become(makeParts('c'), 5);
  await clock.advance(10);
  t.equal(seen.length, 0);
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

t.test('who subscribes hears of what comes from then on', async (t) => {
  const { publisher, publish, seen } = setUp();
  await publish(makeParts('a'));
  const late: Snapshot[] = [];
  publisher.subscribe((snapshot) => late.push(snapshot));
  await publish(makeParts('b'));
  t.equal(seen.length, 2);
  t.equal(late.length, 1);
});

t.test('what a subscriber publishes comes after what it was told', async (t) => {
  const { publisher, become, publish } = setUp();
  const versions: number[] = [];
  publisher.subscribe((snapshot) => {
    versions.push(snapshot.version);
    if (snapshot.version === 1) become(makeParts('b'));
  });
  await publish(makeParts('a'));
  t.same(versions, [1, 2]);
});

t.test('a subscriber that throws keeps no other from hearing', async (t) => {
  const { publisher, publish } = setUp();
  const before = internalErrors.counts['snapshot'] ?? 0;
  const seen: number[] = [];
  publisher.subscribe(() => {
    throw new Error('injected');
  });
  publisher.subscribe(({ version }) => seen.push(version));
  for (const name of ['a', 'b']) await publish(makeParts(name));
  t.strictSame(seen, [1, 2]);
  t.equal(internalErrors.counts['snapshot'], before + 2);
});
