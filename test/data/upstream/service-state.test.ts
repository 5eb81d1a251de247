import t from 'tap';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { makeService } from '../../../src/model/service.ts';
import { DURATION_BOUNDS } from '../../../src/model/stats.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeBackend, makeBackendState, makeExchange, occupy } from '../../support/exchange.ts';
import { seededRandom } from '../../support/random.ts';

const policy = makeService('test', {}, []);
const request = makeExchange();

/** A service of primaries `a` and `b` and backups `x` and `y`. */
function makeState() {
  const [a, b] = [makeBackendState('a'), makeBackendState('b')];
  const [x, y] = [makeBackendState('x', { backup: true }), makeBackendState('y', { backup: true })];
  const service = new ServiceState(policy, new FakeClock(), seededRandom(1));
  service.update(policy, [a, x, b, y]);
  return { service, a, b, x, y };
}

const picks = (service: ServiceState, count = 20) =>
  [...new Set(Array.from({ length: count }, () => service.pick(request)?.backend.name))].sort();

t.test('backups serve only when no primary is available', async (t) => {
  const { service, a, b, x, y } = makeState();
  t.same(picks(service), ['a', 'b']);
  a.setFlags(['FailedCheck']);
  service.refresh();
  t.same(picks(service), ['b']);
  b.update(makeBackend('b', { weight: 0 }));
  service.refresh();
  t.same(picks(service), ['x', 'y']);
  for (const state of [x, y]) state.setFlags(['Draining']);
  service.refresh();
  t.equal(service.pick(request), undefined);
  t.equal(service.hasAvailable, false);
  a.setFlags([]);
  service.refresh();
  t.same(picks(service), ['a']);
  t.equal(service.hasAvailable, true);
});

t.test('another backend is none of those that were tried: primaries first, then backups', async (t) => {
  const { service, a, b, x, y } = makeState();
  for (let i = 0; i < 50; i++) {
    t.equal(service.pickOther([a], request), b);
    t.ok([x, y].includes(service.pickOther([b, a], request) ?? a));
    t.equal(service.pickOther([a, x, b], request), y);
  }
  t.equal(service.pickOther([a, b, x, y], request), undefined);
});

t.test('the load of a failed backend goes to all others, not to one neighbour', async (t) => {
  const states = ['a', 'b', 'c', 'd'].map((name) => makeBackendState(name));
  const service = new ServiceState(policy, new FakeClock(), seededRandom(3));
  service.update(policy, states);
  const counts = new Map<string, number>();
  for (let i = 0; i < 3_000; i++) {
    const name = service.pickOther(states.slice(0, 1), request)?.backend.name ?? '';
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  t.same([...counts.keys()].sort(), ['b', 'c', 'd']);
  for (const [name, count] of counts) t.ok(Math.abs(count - 1_000) < 150, `${name} got ${count} of 1000`);
});

t.test('another policy takes effect, and what was counted stays', async (t) => {
  const { service, a, b } = makeState();
  service.count(200, 1);
  occupy(b, service);
  service.update(makeService('test', { balance: 'least-connections' }, []), [a, b]);
  t.same(picks(service), ['a']);
  t.equal(service.stats.codes[200], 1);
});

t.test('whose turn it is stays when the same backends come again', async (t) => {
  const { service, a, b } = makeState();
  service.update(policy, [a, b]);
  const names = [];
  for (let i = 0; i < 6; i++) {
    names.push(service.pick(request)?.backend.name);
    service.update(policy, [a, b]);
  }
  t.same(names, ['a', 'b', 'a', 'b', 'a', 'b']);
});

t.test('finished requests are counted by status and duration', async (t) => {
  const { service } = makeState();
  service.count(200, 0.1);
  service.count(200, 3);
  service.count(502, 1e9);
  const { codes, durations, durationSumMs } = service.stats;
  t.equal(codes[200], 2);
  t.equal(codes[502], 1);
  t.equal(
    durations.reduce((sum, count) => sum + count, 0),
    3,
  );
  t.equal(durations[0], 1);
  t.equal(durations[DURATION_BOUNDS.findIndex((bound) => bound >= 0.003)], 1);
  t.equal(durations[DURATION_BOUNDS.length], 1);
  t.equal(durationSumMs, 3.1 + 1e9);
});

t.test('the life of an upgraded connection is no duration of a request', async (t) => {
  const { service } = makeState();
  service.countUpgraded(101, 500, 1, 2);
  service.countUpgraded(101, 4_000, 10, 20);
  service.countUpgraded(101, 86_400_001, 100, 200);
  const { codes, durations, durationSumMs, upgraded } = service.stats;
  t.equal(codes[101], 3);
  t.ok(durations.every((count) => count === 0));
  t.equal(durationSumMs, 0);
  t.same(upgraded, {
    durations: [1, 1, 0, 0, 0, 0, 0, 1],
    durationSumMs: 86_404_501,
    bytesIn: 111,
    bytesOut: 222,
  });
});
