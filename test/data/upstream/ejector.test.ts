import fc from 'fast-check';
import t from 'tap';
import { Sweep } from '../../../src/data/sweep.ts';
import { Ejector } from '../../../src/data/upstream/ejector.ts';
import { ServiceState } from '../../../src/data/upstream/service-state.ts';
import { type HealthFlag, PROOFS, type ProofKind } from '../../../src/model/health.ts';
import { makeService, type ServiceSettings } from '../../../src/model/service.ts';
import type { BackendSignal } from '../../../src/model/signal.ts';
import { FakeClock } from '../../support/clock.ts';
import { makeBackendState } from '../../support/exchange.ts';
import { seededRandom } from '../../support/random.ts';

/** A service of so many backends, and what fails on them. */
function setUp(count: number, settings: ServiceSettings = {}) {
  const clock = new FakeClock();
  const signals: BackendSignal[] = [];
  const ejector = new Ejector(new Sweep(clock), clock, (signal) => signals.push(signal));
  const policy = makeService('test', settings, []);
  const service = new ServiceState(policy, clock, seededRandom(1));
  const backends = Array.from({ length: count }, (_, i) => makeBackendState(String(i)));
  service.update(policy, backends);
  const at = (i: number) => {
    const backend = backends[i];
    if (backend === undefined) throw new Error(`no backend ${i}`);
    return backend;
  };
  const fail = (i: number, times = 1, cause: 'connect' | 'reset' | 'timeout' | 'status' = 'reset') => {
    for (let n = 0; n < times; n++) ejector.failed(service, at(i), cause, 'it broke');
  };
  const out = () => backends.flatMap((backend, i) => (backend.ejection === undefined ? [] : [i]));
  return { clock, signals, ejector, policy, service, backends, at, fail, out };
}

t.test('the third failure in a row ejects, and one that goes well in between starts over', async (t) => {
  const { at, fail, out } = setUp(3);
  fail(0, 2);
  t.same(out(), []);
  at(0).failuresInRow = 0;
  fail(0, 2);
  t.same(out(), []);
  fail(0);
  t.same(out(), [0]);
  t.notOk(at(0).isAvailable);
  t.same(at(0).stats.ejections, { reset: 1 });
});

t.test('a refused connection ejects at once', async (t) => {
  const { fail, out, signals } = setUp(2);
  fail(1, 1, 'connect');
  t.same(out(), [1]);
  t.match(signals, [
    { kind: 'doubt', backendId: 'test/1' },
    { kind: 'ejected', cause: 'connect', proof: 'connection', reason: '1 failed request: it broke' },
  ]);
});

t.test('failures=0 turns it off', async (t) => {
  const { fail, out } = setUp(3, { eject: { failures: 0 } });
  fail(0, 100);
  fail(1, 1, 'connect');
  t.same(out(), []);
});

t.test('what is out for another reason is not ejected besides', async (t) => {
  const { at, fail, service, signals } = setUp(3);
  at(0).setFlags(['Draining']);
  service.refresh();
  fail(0, 5, 'connect');
  t.notOk(signals.some(({ kind }) => kind === 'ejected'));
});

t.test(
  'an ejection lasts twice as long as the one before, up to a minute, and starts over after a calm one',
  async (t) => {
    const { clock, fail, out } = setUp(3);
    const lasts = [];
    for (let i = 0; i < 6; i++) {
      fail(0, 3);
      const began = clock.elapsed();
      while (out().length > 0) await clock.advance(100);
      lasts.push(Math.floor((clock.elapsed() - began) / 1_000));
    }
    t.same(lasts, [5, 10, 20, 40, 60, 60]);
    await clock.advance(60_100);
    fail(0, 3);
    await clock.advance(5_100);
    t.same(out(), []);
  },
);

t.test('after its time the first failure takes it out again, until one goes well', async (t) => {
  const { clock, at, fail, out } = setUp(3);
  fail(0, 3);
  await clock.advance(5_100);
  t.same(out(), []);
  fail(0);
  t.same(out(), [0]);
  await clock.advance(10_100);
  at(0).failuresInRow = 0;
  fail(0);
  t.same(out(), []);
});

t.test('a probe that connects ends the ejection of one that refused, if it began later', async (t) => {
  const { clock, ejector, service, at, fail, out, signals } = setUp(2);
  fail(0, 1, 'connect');
  ejector.takeProof(service, at(0), { kind: 'connection', at: clock.now() - 1 });
  t.same(out(), [0], 'what was seen before does not count');
  ejector.takeProof(service, at(0), { kind: 'connection', at: clock.now() });
  t.same(out(), []);
  t.match(signals.at(-1), { kind: 'returned', backendId: 'test/0' });
  fail(0);
  t.same(out(), [], 'it is as good as new');
});

t.test('a probe that connects says nothing of requests that fail', async (t) => {
  const { clock, ejector, service, at, fail, out } = setUp(2);
  for (const cause of ['reset', 'timeout', 'status'] as const) {
    fail(0, 3, cause);
    ejector.takeProof(service, at(0), { kind: 'connection', at: clock.now() + 2_000 });
    t.same(out(), [0], cause);
    await clock.advance(120_000);
  }
});

t.test('a check that passes is believed once, and not at once', async (t) => {
  const { clock, ejector, service, at, fail, out } = setUp(2);
  fail(0, 3, 'status');
  ejector.takeProof(service, at(0), { kind: 'check', at: clock.now() + 999 });
  t.same(out(), [0]);
  ejector.takeProof(service, at(0), { kind: 'check', at: clock.now() + 1_000 });
  t.same(out(), []);
  fail(0, 1, 'status');
  t.same(out(), [0], 'on probation');
  ejector.takeProof(service, at(0), { kind: 'check', at: clock.now() + 4_000 });
  t.same(out(), [0], 'it was wrong');
});

t.test('where other requests went well in between, the check is believed again', async (t) => {
  const { clock, ejector, service, at, fail, out } = setUp(2);
  for (let i = 0; i < 5; i++) {
    fail(0, 3, 'status');
    t.same(out(), [0]);
    ejector.takeProof(service, at(0), { kind: 'check', at: clock.now() + 1_000 });
    t.same(out(), []);
    at(0).wentWell();
  }
});

t.test('asking for a rest for one URL is no reason for one, and a check that passes ends it', async (t) => {
  const { clock, ejector, service, at, out } = setUp(4);
  for (let i = 0; i < 9; i++) ejector.rest(service, at(0), '/limited', 60_000);
  at(0).restsAsked = 0;
  for (let i = 0; i < 2; i++) {
    t.same(out(), []);
    ejector.rest(service, at(0), '/limited', 60_000);
    ejector.rest(service, at(0), `/${i}`, 60_000);
  }
  t.same(out(), [0]);
  ejector.takeProof(service, at(0), { kind: 'check', at: clock.now() + 1_000 });
  t.same(out(), []);
  ejector.rest(service, at(0), '/', 60_000);
  t.same(out(), [], 'and it is as good as new');
});

t.test(
  'one that seems to hang is out at once, is ejected when that is certain, and back when it is heard',
  async (t) => {
    const { ejector, service, at, out, signals } = setUp(3);
    ejector.suspect(service, at(1));
    t.same(out(), [1]);
    t.same(signals, [], 'nobody else need know');
    ejector.heard(at(1));
    t.same(out(), []);
    ejector.suspect(service, at(1));
    ejector.confirm(service, at(1), 'silent');
    ejector.confirm(service, at(1), 'silent');
    t.same(out(), [1]);
    t.same(at(1).stats.ejections, { hang: 1 });
    t.match(signals.at(-1), { kind: 'ejected', cause: 'hang', proof: 'life', reason: 'silent' });
    ejector.heard(at(1));
    t.same(out(), []);
  },
);

t.test('no more than its share is out, and never the last one', async (t) => {
  for (const [count, maxPercent, most] of [
    [1, 100, 0],
    [2, 50, 1],
    [3, 50, 1],
    [4, 50, 2],
    [3, 0, 0],
    [3, 100, 2],
  ] as const) {
    const { fail, out } = setUp(count, { eject: { maxPercent } });
    for (let i = 0; i < count; i++) fail(i, 3, 'connect');
    t.equal(out().length, most, `${count} backends, ${maxPercent} %`);
  }
});

t.test('when the others are taken away an ejected one serves again', async (t) => {
  const { ejector, service, at, fail, out } = setUp(2);
  fail(0, 3);
  at(1).setFlags(['FailedCheck']);
  service.refresh();
  ejector.enforce(service);
  t.same(out(), []);
  t.ok(service.hasAvailable);
});

t.test(
  'one that is lent gets nothing until it is given back or lives, whatever is heard of it',
  async (t) => {
    const { clock, ejector, service, at, fail, out, signals } = setUp(3);
    fail(0, 3);
    t.ok(ejector.lend(service, at(1)), 'though as many are out as may be');
    t.match(signals.at(-1), { kind: 'suspected', backendId: 'test/1' }, 'it is asked whether it lives');
    ejector.heard(at(1));
    ejector.confirm(service, at(1), 'silent');
    ejector.enforce(service);
    t.same(out(), [0, 1]);
    t.notOk(ejector.lend(service, at(2)), 'never the last one');
    ejector.takeProof(service, at(1), { kind: 'life', at: clock.now() });
    t.same(out(), [0]);
    ejector.lend(service, at(1));
    ejector.giveBack(at(1));
    t.same(out(), [0]);
  },
);

t.test('one that is lent serves when nothing else does any more', async (t) => {
  const { ejector, service, at, out } = setUp(2);
  ejector.lend(service, at(0));
  at(1).setFlags(['FailedCheck']);
  service.refresh();
  ejector.enforce(service);
  t.same(out(), []);
});

t.test('fewer backends are fewer that may be out', async (t) => {
  const { ejector, policy, service, backends, fail, out } = setUp(4);
  fail(0, 3);
  fail(1, 3);
  t.same(out(), [0, 1]);
  service.update(policy, backends.slice(0, 3));
  ejector.enforce(service);
  t.equal(out().length, 1);
});

t.test('a backend that fails under load asks for a probe at most ten times a second', async (t) => {
  const { clock, fail, signals } = setUp(1);
  for (let i = 0; i < 100; i++) {
    fail(0);
    await clock.advance(10);
  }
  t.equal(signals.length, 10);
});

t.test('a check that passes while every request fails costs no more than its first belief', async (t) => {
  const cause = fc.constantFrom('reset' as const, 'timeout' as const, 'status' as const);
  const run = fc.record({
    cause,
    failures: fc.integer({ min: 1, max: 10 }),
    checkMs: fc.integer({ min: 100, max: 5_000 }),
  });
  const property = fc.asyncProperty(run, async ({ cause, failures, checkMs }) => {
    const { clock, ejector, service, at, fail } = setUp(2, { eject: { failures } });
    let failed = 0;
    let checkedAt = 0;
    for (; clock.elapsed() < 120_000; await clock.advance(100)) {
      if (clock.elapsed() - checkedAt >= checkMs) {
        checkedAt = clock.elapsed();
        ejector.takeProof(service, at(0), { kind: 'check', at: clock.now() });
      }
      if (!at(0).isAvailable) continue;
      fail(0, 1, cause);
      failed++;
    }
    // Once for each ejection after the first: within 6 s, then after 10, 20 and 40.
    return failed <= failures + 4;
  });
  await fc.assert(property, { numRuns: 12, seed: 7 });
  t.pass();
});

type Step =
  | { readonly kind: 'fail'; readonly at: number; readonly cause: 'connect' | 'reset' | 'timeout' | 'status' }
  | { readonly kind: 'well'; readonly at: number }
  | { readonly kind: 'flag'; readonly at: number; readonly flags: readonly HealthFlag[] }
  | { readonly kind: 'prove'; readonly at: number; readonly proof: ProofKind }
  | { readonly kind: 'suspect' | 'confirm' | 'hear'; readonly at: number }
  | { readonly kind: 'wait'; readonly ms: number };

const step = (count: number): fc.Arbitrary<Step> => {
  const at = fc.nat({ max: count - 1 });
  const cause = fc.constantFrom('connect' as const, 'reset' as const, 'timeout' as const, 'status' as const);
  const flags = fc.constantFrom<readonly HealthFlag[]>([], ['FailedCheck'], ['Draining']);
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('fail' as const), at, cause }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('well' as const), at }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('flag' as const), at, flags }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constantFrom('suspect' as const, 'confirm' as const, 'hear' as const),
        at,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('prove' as const), at, proof: fc.constantFrom(...PROOFS) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat({ max: 30_000 }) }) },
  );
};

t.test(
  'whatever happens, the limits hold, and what nothing else speaks against serves in the end',
  async (t) => {
    const run = fc.nat({ max: 5 }).chain((more) =>
      fc.record({
        count: fc.constant(more + 1),
        maxPercent: fc.integer({ min: 0, max: 100 }),
        steps: fc.array(step(more + 1), { maxLength: 60 }),
      }),
    );
    const property = fc.asyncProperty(run, async ({ count, maxPercent, steps }) => {
      const { clock, ejector, service, backends, at, fail, out } = setUp(count, { eject: { maxPercent } });
      for (const one of steps) {
        if (one.kind === 'fail') fail(one.at, 1, one.cause);
        else if (one.kind === 'well') at(one.at).failuresInRow = 0;
        else if (one.kind === 'prove')
          ejector.takeProof(service, at(one.at), { kind: one.proof, at: clock.now() + 1 });
        else if (one.kind === 'suspect') ejector.suspect(service, at(one.at));
        else if (one.kind === 'confirm') ejector.confirm(service, at(one.at), 'it hangs');
        else if (one.kind === 'hear') ejector.heard(at(one.at));
        else if (one.kind === 'wait') await clock.advance(one.ms);
        else if (one.kind === 'flag') {
          at(one.at).setFlags(one.flags);
          service.refresh();
          ejector.enforce(service);
        }
        const unflagged = backends.filter(({ flags }) => flags.length === 0);
        if (out().length > Math.floor((count * maxPercent) / 100)) return false;
        if (unflagged.length > 0 && !service.hasAvailable) return false;
      }
      await clock.advance(60_100);
      return out().length === 0;
    });
    await fc.assert(property, { numRuns: 150, seed: 7 });
    t.pass();
  },
);
