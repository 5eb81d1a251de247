import fc from 'fast-check';
import t from 'tap';
import { makeCandidates } from '../../../src/data/balance/balancer.ts';
import { hashText } from '../../../src/data/balance/hash.ts';
import { BALANCE_NAMES } from '../../../src/model/service.ts';
import { clientKey, type Member, makeMember, makeMembers, seededBalancer } from '../../support/balance.ts';
import { FakeClock } from '../../support/clock.ts';
import { seededRandom } from '../../support/random.ts';

const weights = fc.array(fc.integer({ min: 1, max: 256 }), { minLength: 1, maxLength: 12 });
const seed = fc.integer();
const withWeights = (list: readonly number[]) => list.map((weight, i) => makeMember(`m${i}`, weight));

for (const name of BALANCE_NAMES) {
  t.test(`${name}: however requests come and go, the pick is a candidate, and all of them end`, async (t) => {
    fc.assert(
      fc.property(weights, seed, fc.array(fc.nat(9), { maxLength: 200 }), (list, seed, steps) => {
        const members = withWeights(list);
        const candidates = makeCandidates(members);
        const balance = seededBalancer(name, seed);
        const running: Member[] = [];
        for (const step of steps) {
          const picked = balance.pick(candidates, clientKey(step));
          if (picked === undefined || !members.includes(picked)) return false;
          picked.inFlight++;
          running.push(picked);
          if (step > 5) (running.shift() as Member).inFlight--;
        }
        return true;
      }),
    );
    t.pass();
  });

  t.test(`${name}: a backend that others outweigh still gets requests under load`, async (t) => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), seed, (count, seed) => {
        const members = makeMembers(count, 8);
        (members[0] as Member).weight = 1;
        const candidates = makeCandidates(members);
        const balance = seededBalancer(name, seed);
        // Nobody answers for a while: whoever is never picked would show.
        for (let i = 0; i < 1_000; i++) {
          const picked = balance.pick(candidates, clientKey(i)) as Member;
          picked.inFlight++;
        }
        return members.every((member) => member.inFlight > 0);
      }),
    );
    t.pass();
  });
}

for (const name of ['least-connections', 'p2c', 'hash'] as const) {
  t.test(`${name}: what is in flight follows the weights`, async (t) => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 2, maxLength: 8 }),
        seed,
        (list, seed) => {
          const members = withWeights(list);
          const candidates = makeCandidates(members);
          const balance = seededBalancer(name, seed);
          const perWeight = 60;
          const total = perWeight * candidates.totalWeight;
          for (let i = 0; i < total; i++) (balance.pick(candidates, clientKey(i)) as Member).inFlight++;
          return members.every(({ inFlight, weight }) => inFlight <= perWeight * weight * 1.25 + 1);
        },
      ),
      { numRuns: 50 },
    );
    t.pass();
  });
}

t.test('hash: the same key goes to the same backend, whatever the order of the list', async (t) => {
  fc.assert(
    fc.property(weights, fc.string(), (list, text) => {
      const members = withWeights(list);
      const key = hashText(text);
      const picked = seededBalancer('hash').pick(makeCandidates(members), key);
      return picked === seededBalancer('hash').pick(makeCandidates(members.toReversed()), key);
    }),
  );
  t.pass();
});

t.test('hash: a backend that leaves moves its own keys only, about 1/n, and to all others', async (t) => {
  for (const count of [2, 3, 10, 50]) {
    const members = makeMembers(count);
    const balance = seededBalancer('hash');
    const owners = (list: readonly Member[]) => {
      const candidates = makeCandidates(list);
      return Array.from({ length: 20_000 }, (_, i) => balance.pick(candidates, clientKey(i)));
    };
    const before = owners(members);
    const after = owners(members.slice(1));
    const moved = before.filter((owner, i) => owner !== after[i]);
    t.ok(
      moved.every((owner) => owner === members[0]),
      `${count}: only what it had moves`,
    );
    t.ok(Math.abs(moved.length - 20_000 / count) < 2_000 / count + 100, `${count}: ${moved.length} moved`);
    const heirs = new Set(after.filter((owner, i) => owner !== before[i]));
    t.equal(heirs.size, count - 1, `${count}: to all others`);
    // Coming back is the same in reverse.
    t.same(owners(members), before);
  }
});

t.test('hash: more weight takes keys from all others, and moves none between them', async (t) => {
  const members = makeMembers(5, 2);
  const balance = seededBalancer('hash');
  const owners = () =>
    Array.from({ length: 10_000 }, (_, i) => balance.pick(makeCandidates(members), clientKey(i)));
  const before = owners();
  const heavy = members[2] as Member;
  heavy.weight = 6;
  const after = owners();
  t.ok(after.every((owner, i) => owner === before[i] || owner === heavy));
  const share = after.filter((owner) => owner === heavy).length / 10_000;
  t.ok(Math.abs(share - 6 / 14) < 0.02, `${share}`);
});

t.test('hash: one hot key overloads nobody, and a few requests at once stay together', async (t) => {
  const members = makeMembers(4);
  const candidates = makeCandidates(members);
  const balance = seededBalancer('hash');
  const home = balance.pick(candidates, 7) as Member;
  for (let i = 0; i < 8; i++) (balance.pick(candidates, 7) as Member).inFlight++;
  t.equal(home.inFlight, 8);
  for (let i = 8; i < 1_000; i++) (balance.pick(candidates, 7) as Member).inFlight++;
  for (const { name, inFlight } of members) t.ok(inFlight <= 313, `${name} has ${inFlight} of 1000`);
  t.equal(Math.max(...members.map(({ inFlight }) => inFlight)), home.inFlight);
});

/** Serves one request after the other, each as long as its backend takes, and answers how many each got. */
async function serveOneByOne(members: readonly Member[], latencies: readonly number[], count: number) {
  const clock = new FakeClock();
  const balance = seededBalancer('peak-ewma', 1, clock);
  const candidates = makeCandidates(members);
  const counts = members.map(() => 0);
  for (let i = 0; i < count; i++) {
    const at = members.indexOf(balance.pick(candidates, 0) as Member);
    counts[at] = (counts[at] ?? 0) + 1;
    await clock.advance(latencies[at] as number);
    (members[at] as Member).latency.observe(latencies[at] as number, clock.elapsed());
  }
  return counts;
}

t.test('peak-ewma: the faster gets most, and the slow one is asked again now and then', async (t) => {
  const [fast = 0, slow = 0] = await serveOneByOne(makeMembers(2), [20, 500], 6_000);
  // Two minutes: the slow one's 500 ms have faded below 20 ms each 32 s.
  t.ok(slow >= 2 && slow <= 12, `${slow} of ${fast + slow}`);
});

t.test(
  'peak-ewma: a backend that was never asked gets one request, and no more before it has answered',
  async (t) => {
    const clock = new FakeClock();
    const members = makeMembers(2);
    const [old, fresh] = members as [Member, Member];
    old.latency.observe(50, 0);
    const balance = seededBalancer('peak-ewma', 1, clock);
    const candidates = makeCandidates(members);
    for (let i = 0; i < 100; i++) (balance.pick(candidates, 0) as Member).inFlight++;
    t.equal(fresh.inFlight, 1);
    fresh.inFlight = 0;
    fresh.latency.observe(50, 0);
    t.equal(balance.pick(candidates, 0), fresh);
  },
);

t.test('peak-ewma: a peak counts at once, and what follows it only with time', async (t) => {
  const { latency } = makeMember('a');
  t.equal(latency.expected(0), 0);
  latency.observe(10, 0);
  latency.observe(1_000, 1);
  t.equal(latency.expected(1), 1_000);
  latency.observe(10, 2);
  t.ok(latency.expected(2) > 990);
  latency.observe(10, 30_002);
  t.ok(latency.expected(30_002) < 65);
});

t.test('peak-ewma: whatever the latencies, nothing starves', async (t) => {
  const random = seededRandom(5);
  for (let run = 0; run < 5; run++) {
    const latencies = Array.from({ length: 2 + run }, () => 10 + Math.floor(random() ** 3 * 2_000));
    const counts = await serveOneByOne(makeMembers(latencies.length), latencies, 3_000);
    t.ok(Math.min(...counts) >= 1, `${latencies} ms: ${counts}`);
  }
});
