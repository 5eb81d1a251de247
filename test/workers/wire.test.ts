import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import t from 'tap';
import type { Filter } from '../../src/model/filter.ts';
import type { HealthFlag } from '../../src/model/health.ts';
import type { Service } from '../../src/model/service.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from '../../src/model/snapshot.ts';
import { makePacker, packSnapshot, unpackSnapshot } from '../../src/workers/wire.ts';
import { makeSnapshot, type TestService } from '../support/proxy.ts';

const FILTERS: (readonly Filter[])[] = [
  [{ kind: 'request-headers', edits: [{ how: 'set', name: 'X-Team', value: 'blue' }] }],
  [{ kind: 'redirect', to: 'https' }],
];

/** What the other end makes of it. */
function sent(snapshot: Snapshot, before: Snapshot): Snapshot {
  return unpackSnapshot(JSON.parse(JSON.stringify(packSnapshot(snapshot, before))), before);
}

/** So many services of two backends. */
function manyServices(count: number): TestService[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `s${i}`,
    routes: [{ host: `h${i}.localhost` }],
    backends: [80, 81],
  }));
}

t.test('whatever changes between two snapshots, the other end has the second one whole', async () => {
  const service: fc.Arbitrary<TestService> = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    routes: fc.array(
      fc.record(
        { host: fc.constantFrom('x', 'y', 'z'), filters: fc.constantFrom(...FILTERS) },
        { requiredKeys: ['host'] },
      ),
      { maxLength: 2 },
    ),
    backends: fc.array(
      fc.record({
        port: fc.integer({ min: 1, max: 4 }),
        weight: fc.integer({ min: 0, max: 1 }),
        flags: fc.constantFrom<HealthFlag[]>([], ['FailedCheck']),
      }),
      { maxLength: 3 },
    ),
  });
  const services = fc.array(service, { maxLength: 4 });
  fc.assert(
    fc.property(services, services, (first, second) => {
      const [before, after] = [makeSnapshot(1, first), makeSnapshot(2, second)];
      return isDeepStrictEqual(sent(after, sent(before, EMPTY_SNAPSHOT)), after);
    }),
  );
});

t.test('a change of one container among thousands sends its service alone', async (t) => {
  const before = makeSnapshot(1, manyServices(1_000));
  const changed = makeSnapshot(2, [{ name: 's500', routes: [], backends: [80, 81, 82] }]);
  const after = {
    ...before,
    ...{ version: 2, topologyVersion: 2 },
    services: before.services.with(500, changed.services[0] as Service),
    health: new Map([...changed.health, ...before.health]),
  };
  const wire = packSnapshot(after, before);
  t.match(wire.services, { gone: [500], fresh: [[500, { name: 's500' }]] });
  t.strictSame(wire.routes, { gone: [], fresh: [] });
  t.strictSame(Object.keys(wire.health), ['s500/82']);
  t.strictSame(sent(after, before), after);
});

t.test(
  'the filters that very many routes have in common are sent once, and are one there, too',
  async (t) => {
    const [filters = []] = FILTERS;
    const routes = Array.from({ length: 500 }, (_, i) => ({ host: `h${i}.localhost`, filters }));
    const after = makeSnapshot(1, [{ routes, backends: [80] }]);
    const text = JSON.stringify(packSnapshot(after, EMPTY_SNAPSHOT));
    t.equal(text.split('X-Team').length, 2);
    const there = sent(after, EMPTY_SNAPSHOT);
    t.strictSame(there, after);
    t.equal(new Set(there.routes.map((route) => route.filters)).size, 1);
  },
);

t.test('a flip of health sends the health of one backend', async (t) => {
  const before = makeSnapshot(1, manyServices(100));
  const sick = { flags: ['FailedCheck' as const], reason: 'refused', since: 1 };
  const health = new Map([...before.health, ['s7/80', sick]]);
  const wire = packSnapshot({ ...before, version: 2, health }, before);
  t.strictSame(Object.keys(wire.health), ['s7/80']);
  t.strictSame([wire.services.fresh, wire.routes.fresh], [[], []]);
});

t.test('what several workers have alike is packed once', async (t) => {
  const pack = makePacker();
  const [first, second] = [makeSnapshot(1, manyServices(2)), makeSnapshot(2, manyServices(3))];
  t.equal(pack(second, first), pack(second, first));
  t.not(pack(second, EMPTY_SNAPSHOT), pack(second, first));
});
