import t from 'tap';
import { LiveTopology } from '../../src/data/live-topology.ts';
import { Sweep } from '../../src/data/sweep.ts';
import type { BackendState } from '../../src/data/upstream/backend-state.ts';
import { Ejector } from '../../src/data/upstream/ejector.ts';
import type { HealthFlag } from '../../src/model/health.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { FakeClock } from '../support/clock.ts';
import { FakeConnection, makeExchange, occupy } from '../support/exchange.ts';
import { makeSnapshot, type TestService } from '../support/proxy.ts';
import { seededRandom } from '../support/random.ts';

const request = makeExchange();

/** LiveTopology snapshots of services as tests write them. */
function makeApplied() {
  const clock = new FakeClock();
  const sweep = new Sweep(clock);
  const ejector = new Ejector(sweep, clock, () => {});
  // Only its ejections would need it, and there are none.
  sweep.stop();
  const applied = new LiveTopology(clock, seededRandom(1), ejector);
  let version = 0;
  const apply = (...services: TestService[]) => applied.apply(makeSnapshot(++version, services));
  const state = (id: string): BackendState => {
    const found = [...applied.backends()].find(({ backend }) => backend.id === id);
    if (found === undefined) throw new Error(`no backend ${id}`);
    return found;
  };
  const service = (name: string) => {
    const found = applied.services.get(name);
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };
  return { clock, applied, apply, state, service };
}

/** The same topology with another health. */
function withFlags(snapshot: Snapshot, id: string, flags: readonly HealthFlag[]): Snapshot {
  const health = new Map([...snapshot.health, [id, { flags, reason: 'set by the test', since: 0 }]]);
  return { ...snapshot, version: snapshot.version + 1, health };
}

t.test('what a backend and a service counted outlives snapshots', async (t) => {
  const { apply, state, service } = makeApplied();
  apply({ backends: [1, 2] });
  const [one, before] = [state('test/1'), service('test')];
  for (let i = 0; i < 3; i++) occupy(one, before);
  before.count(200, 1);
  apply(
    { backends: [{ port: 1, weight: 7 }, 3], settings: { balance: 'random' } },
    { name: 'other', backends: [1] },
  );
  t.equal(state('test/1'), one);
  t.equal(one.inFlight, 3);
  t.equal(one.weight, 7, 'and it has its newest form');
  t.equal(service('test'), before);
  t.equal(before.service.balance, 'random');
  t.not(state('other/1'), one, 'another service has a state of its own for the same address');
});

t.test('a leaving backend finishes what it has, and is closed after its drain', async (t) => {
  const { clock, applied, apply, state } = makeApplied();
  apply({ backends: [1, 2], settings: { drainMs: 10_000 } });
  const one = state('test/1');
  const connection = new FakeConnection(one);
  apply({ backends: [2], settings: { drainMs: 5_000 } });
  t.equal(
    [...applied.backends()].some(({ backend }) => backend.id === 'test/1'),
    false,
  );
  t.equal(one.isAvailable, false);
  t.equal(connection.isRetired, true);
  await clock.advance(4_999);
  t.equal(connection.isDestroyed, false);
  await clock.advance(1);
  t.equal(connection.isDestroyed, true, 'after the drain of the newest policy');
  t.equal(clock.pending, 0);
});

t.test('the backends of a service that left finish as well', async (t) => {
  const { clock, apply, state } = makeApplied();
  apply({ backends: [1], settings: { drainMs: 3_000 } });
  const connection = new FakeConnection(state('test/1'));
  apply();
  await clock.advance(2_999);
  t.equal(connection.isDestroyed, false);
  await clock.advance(1);
  t.equal(connection.isDestroyed, true);
});

t.test('a backend that returns while it leaves is the same again', async (t) => {
  const { clock, apply, state, service } = makeApplied();
  apply({ backends: [1, 2] });
  const one = state('test/1');
  occupy(one, service('test'));
  const connection = new FakeConnection(one);
  apply({ backends: [2] });
  apply({ backends: [1, 2] });
  t.equal(state('test/1'), one);
  t.equal(one.isAvailable, true);
  await clock.advance(60_000);
  t.equal(connection.isDestroyed, false, 'its end was called off');
  t.same([...new Set([service('test').pick(request), service('test').pick(request)])].length, 2);
});

t.test('a backend that returns after its end is new', async (t) => {
  const { clock, apply, state } = makeApplied();
  apply({ backends: [1] });
  const one = state('test/1');
  apply({ backends: [] });
  await clock.advance(60_000);
  apply({ backends: [1] });
  t.not(state('test/1'), one);
  t.equal(state('test/1').isAvailable, true);
});

t.test('a snapshot in which only health moved keeps the table', async (t) => {
  const { applied, apply, service, state } = makeApplied();
  apply({ backends: [1, 2] });
  const { table, services } = applied;
  const backends = [...applied.backends()];
  applied.apply(withFlags(applied.snapshot, 'test/1', ['FailedCheck']));
  t.equal(applied.table, table);
  t.equal(applied.services, services);
  t.ok([...applied.backends()].every((one, i) => one === backends[i]));
  for (let i = 0; i < 5; i++) t.equal(service('test').pick(request), state('test/2'));
  applied.apply(withFlags(applied.snapshot, 'test/1', []));
  const picked = new Set(Array.from({ length: 5 }, () => service('test').pick(request)));
  t.equal(picked.size, 2, 'and it is back at once');
});

t.test('a new backend that is not available is never picked', async (t) => {
  const { apply, service, state } = makeApplied();
  apply({ backends: [1] });
  apply({ backends: [1, { port: 2, flags: ['Pending'] }, { port: 3, weight: 0 }] });
  for (let i = 0; i < 20; i++) t.equal(service('test').pick(request), state('test/1'));
  t.equal(service('test').pickOther([state('test/1')], request), undefined);
});

t.test('a route leads to the service of its name, also after that changed', async (t) => {
  const { applied, apply, service } = makeApplied();
  apply({ name: 'a', backends: [1] });
  t.equal(applied.table.match('test.localhost', '/')?.service, service('a'));
  apply({ name: 'a', backends: [1], routes: [] }, { name: 'b', backends: [2] });
  t.equal(applied.table.match('test.localhost', '/')?.service, service('b'));
  apply();
  t.equal(applied.table.match('test.localhost', '/'), undefined);
});
