import fc from 'fast-check';
import t from 'tap';
import type { Attempt } from '../../../src/data/proxy/attempt.ts';
import type { BackendState } from '../../../src/data/upstream/backend-state.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { BALANCE_NAMES, type BalanceName, makeService } from '../../../src/model/service.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeBackendState, makeExchange, occupy } from '../../support/exchange.ts';
import { seededRandom } from '../../support/random.ts';

/** A service with a slow start of 30 s whose first backends have been there for a minute. */
async function makeWarm(balance: BalanceName, count = 3) {
  const clock = new FakeClock();
  const policy = makeService('test', { balance, slowStartMs: 30_000 }, []);
  const service = new ServiceState(policy, clock, seededRandom(9));
  const states = Array.from({ length: count }, (_, i) => makeBackendState(`b${i}`));
  service.update(policy, states);
  await clock.advance(60_000);
  return { clock, policy, service, states };
}

const ANY = makeExchange();
let client = 0;
/** How many of 2,000 requests of as many clients it gets, which run for a while. */
function shareOf(wanted: BackendState, service: ServiceState): number {
  const running: Attempt[] = [];
  let count = 0;
  for (let i = 0; i < 2_000; i++) {
    const address = `10.1.${++client >> 8}.${client & 255}`;
    const request = { path: '/', scheme: ANY.scheme, head: ANY.head, client: address };
    const picked = service.pick(request) as BackendState;
    running.push(occupy(picked, service));
    if (running.length > 400) running.shift()?.end('responded');
    if (picked === wanted) count++;
  }
  for (const attempt of running) attempt.end('responded');
  return count / 2_000;
}

for (const balance of BALANCE_NAMES) {
  t.test(`${balance}: who joins, or recovers, starts with a little and ends with its share`, async (t) => {
    const { clock, policy, service, states } = await makeWarm(balance);
    const fresh = makeBackendState('fresh');
    service.update(policy, [...states, fresh]);
    const rises = async () => {
      // A tenth of a weight among three whole ones; half of one; a whole one.
      t.ok(shareOf(fresh, service) < 0.08, 'a little');
      await clock.advance(15_000);
      const half = shareOf(fresh, service);
      t.ok(half > 0.09 && half < 0.2, `half of its share: ${half}`);
      await clock.advance(15_000);
      const whole = shareOf(fresh, service);
      t.ok(whole > 0.2 && whole < 0.3, `its share: ${whole}`);
      t.equal(clock.pending, 0, 'no timer is left');
    };
    await rises();
    fresh.setFlags(['FailedCheck']);
    service.refresh();
    await clock.advance(5_000);
    t.equal(shareOf(fresh, service), 0);
    fresh.setFlags([]);
    service.refresh();
    await rises();
  });

  t.test(`${balance}: backends that start together share evenly`, async (t) => {
    const { clock, policy, service, states } = await makeWarm(balance, 2);
    const fresh = states.map((_, i) => makeBackendState(`new${i}`));
    service.update(policy, fresh);
    for (let i = 0; i < 3; i++) {
      const share = shareOf(fresh[0] as BackendState, service);
      t.ok(Math.abs(share - 0.5) < 0.05, `${share}`);
      await clock.advance(10_000);
    }
  });
}

t.test(
  'whoever comes and goes, every available backend has a share and none has more than its weight',
  async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ who: fc.nat(4), isOut: fc.boolean(), ms: fc.nat(40_000) }), { maxLength: 30 }),
        async (events) => {
          const { clock, service, states } = await makeWarm('round-robin', 5);
          for (const { who, isOut, ms } of events) {
            (states[who] as BackendState).setFlags(isOut ? ['FailedCheck'] : []);
            service.refresh();
            await clock.advance(ms);
            for (const { weight, backend } of states) {
              if (weight > backend.weight || weight < backend.weight / 10) return false;
            }
          }
          return true;
        },
      ),
      { numRuns: 15 },
    );
    t.pass();
  },
);

t.test('a service that goes leaves no timer behind', async (t) => {
  const { clock, policy, service, states } = await makeWarm('p2c');
  service.update(policy, [...states, makeBackendState('fresh')]);
  t.equal(clock.pending, 1);
  service.leave();
  t.equal(clock.pending, 0);
});

t.test(
  'a backend that was only suspected for a moment is as warm as before, and keeps its clients',
  async (t) => {
    const { clock, policy, service, states } = await makeWarm('round-robin');
    const sticky = makeService('test', { ...policy, sticky: { by: 'cookie' } }, []);
    service.update(sticky, states);
    const [one] = states as [BackendState];
    const set = service.stickyFields(ANY, one);
    const cookie = /^Set-Cookie: ([^;]+)/.exec(set)?.[1] ?? '';
    const client = makeExchange(`GET / HTTP/1.1\r\nHost: test.localhost\r\nCookie: ${cookie}\r\n\r\n`);
    const ejection = { cause: 'hang', at: 0, proof: 'life', until: 9e9 } as const;
    one.ejection = { ...ejection, state: 'suspected' };
    service.refresh();
    t.equal(shareOf(one, service), 0, 'no new clients');
    t.equal(service.pick(client), one);
    await clock.advance(50);
    one.ejection = undefined;
    service.refresh();
    t.ok(shareOf(one, service) > 0.3);
    one.ejection = { ...ejection, state: 'ejected' };
    service.refresh();
    t.not(service.pick(client), one, 'an ejection is no suspicion');
    one.ejection = undefined;
    service.refresh();
    t.ok(shareOf(one, service) < 0.1);
  },
);
