import t from 'tap';
import { makeCandidates } from '../../../src/data/balance/balancer.ts';
import { BALANCE_NAMES, type BalanceName } from '../../../src/model/service.ts';
import {
  seededBalancer as balancer,
  clientKey,
  type Member,
  makeMember as member,
} from '../../support/balance.ts';
import { seededRandom } from '../../support/random.ts';

/** How often each is picked when every request has ended before the next comes. */
function shares(name: BalanceName, members: readonly Member[], picks: number): Record<string, number> {
  const balance = balancer(name);
  const candidates = makeCandidates(members);
  const counts: Record<string, number> = Object.fromEntries(members.map((entry) => [entry.name, 0]));
  for (let i = 0; i < picks; i++) {
    const picked = balance.pick(candidates, clientKey(i))?.name ?? 'nobody';
    counts[picked] = (counts[picked] ?? 0) + 1;
  }
  return counts;
}

for (const name of BALANCE_NAMES) {
  t.test(`${name}: nobody is picked of an empty list`, async (t) => {
    t.equal(balancer(name).pick(makeCandidates([]), 0), undefined);
  });

  t.test(`${name}: a single backend is always picked, whatever its weight`, async (t) => {
    for (const weight of [1, 7, 256]) t.same(shares(name, [member('a', weight)], 100), { a: 100 });
  });

  t.test(`${name}: equal backends get equal shares`, async (t) => {
    const counts = shares(name, [member('a', 3), member('b', 3), member('c', 3)], 9_000);
    for (const [who, count] of Object.entries(counts)) {
      t.ok(count > 2_800 && count < 3_200, `${who} got ${count} of 3000`);
    }
  });

  t.test(`${name}: the picks never leave the list, while it changes between them`, async (t) => {
    const balance = balancer(name);
    const random = seededRandom(7);
    const all = Array.from({ length: 8 }, (_, i) => member(`m${i}`, 1 + (i % 3)));
    const strangers = [];
    for (let i = 0; i < 5_000; i++) {
      const list = all.filter(() => random() < 0.5);
      const picked = balance.pick(makeCandidates(list), clientKey(i));
      if (list.length === 0 ? picked !== undefined : !list.includes(picked as Member)) strangers.push(picked);
    }
    t.same(strangers, []);
  });

  t.test(`${name}: a list that changed is shared evenly again`, async (t) => {
    const balance = balancer(name);
    const all = ['a', 'b', 'c', 'd'].map((who) => member(who, 2));
    const counts: Record<string, number> = {};
    for (const list of [all, all.slice(0, 3), all.slice(1), all]) {
      const candidates = makeCandidates(list);
      for (let i = 0; i < 3_000; i++) {
        const picked = balance.pick(candidates, clientKey(i))?.name ?? 'nobody';
        if (list === all) counts[picked] = (counts[picked] ?? 0) + 1;
      }
    }
    for (const who of ['a', 'b', 'c', 'd']) {
      t.ok(Math.abs((counts[who] ?? 0) - 1_500) < 150, `${who} got ${counts[who]} of 1500`);
    }
  });
}

// With nothing in flight, least-connections has only the weights' greatest to prefer: its shares show under load.
for (const name of ['round-robin', 'random', 'p2c', 'peak-ewma', 'hash'] as const) {
  t.test(`${name}: shares follow the weights`, async (t) => {
    const counts = shares(name, [member('a', 1), member('b', 4), member('c', 15)], 20_000);
    t.ok(Math.abs((counts['a'] ?? 0) - 1_000) < 150, `a got ${counts['a']} of 1000`);
    t.ok(Math.abs((counts['b'] ?? 0) - 4_000) < 250, `b got ${counts['b']} of 4000`);
    t.ok(Math.abs((counts['c'] ?? 0) - 15_000) < 400, `c got ${counts['c']} of 15000`);
  });
}

t.test('round-robin: 5:1:1 is smooth', async (t) => {
  const balance = balancer('round-robin');
  const candidates = makeCandidates([member('a', 5), member('b'), member('c')]);
  const picks = Array.from({ length: 14 }, () => balance.pick(candidates, 0)?.name).join(' ');
  t.equal(picks, 'a a b a c a a a a b a c a a');
});

t.test('round-robin: equal backends take strict turns', async (t) => {
  const balance = balancer('round-robin');
  const candidates = makeCandidates([member('a'), member('b'), member('c')]);
  t.equal(Array.from({ length: 7 }, () => balance.pick(candidates, 0)?.name).join(' '), 'a b c a b c a');
});

t.test('round-robin: a backend that was away gets no more than its share when it is back', async (t) => {
  const balance = balancer('round-robin');
  const [a, b, c] = [member('a', 2), member('b'), member('c')];
  for (let i = 0; i < 1_000; i++) balance.pick(makeCandidates([a, b]), 0);
  let picks = 0;
  for (let i = 0; i < 40; i++) if (balance.pick(makeCandidates([a, b, c]), 0) === c) picks++;
  t.ok(picks >= 8 && picks <= 12, `${picks} of 40`);
});

t.test('least-connections: the idle one is preferred', async (t) => {
  const balance = balancer('least-connections');
  const members = [member('a', 1, 3), member('b', 1, 0), member('c', 1, 1)];
  for (let i = 0; i < 5; i++) t.equal(balance.pick(makeCandidates(members), 0)?.name, 'b');
});

t.test('least-connections: those that tie take turns', async (t) => {
  const balance = balancer('least-connections');
  const members = [member('a', 1, 1), member('busy', 1, 2), member('b', 1, 1), member('c', 1, 1)];
  const candidates = makeCandidates(members);
  t.equal(Array.from({ length: 7 }, () => balance.pick(candidates, 0)?.name).join(' '), 'a b c a b c a');
});

t.test('least-connections: what is in flight follows the weights', async (t) => {
  const balance = balancer('least-connections');
  const members = [member('a', 1), member('b', 2), member('c', 5)];
  const candidates = makeCandidates(members);
  for (let i = 0; i < 80; i++) {
    const picked = balance.pick(candidates, 0);
    if (picked !== undefined) picked.inFlight++;
  }
  t.same(
    members.map((entry) => entry.inFlight),
    [10, 20, 50],
  );
});
