import t from 'tap';
import { BackendRecord } from '../../../src/control/health/backend-record.ts';
import { LivenessProber } from '../../../src/control/health/liveness-prober.ts';
import type { Question } from '../../../src/control/health/probe.ts';
import type { HealthCheck } from '../../../src/model/health.ts';
import { FakeClock, settle } from '../../support/clock.ts';
import { makeTarget } from '../../support/scripted-probe.ts';

function setUp() {
  const clock = new FakeClock();
  const asked: { readonly at: number; readonly question: Question | undefined }[] = [];
  let isAlive = false;
  let proofs = 0;
  const prober = new LivenessProber(
    clock,
    async (_address, _check: HealthCheck, question) => {
      asked.push({ at: clock.elapsed(), question });
      return { isPass: isAlive, reason: '' };
    },
    () => proofs++,
  );
  const record = new BackendRecord('shop/a');
  record.charge = { at: clock.now(), proof: 'life' };
  const live = () => {
    isAlive = true;
  };
  return { clock, prober, record, asked, live, proofs: () => proofs };
}

t.test('one that is silent is asked four times a second until it answers', async (t) => {
  const { clock, prober, record, asked, live, proofs } = setUp();
  prober.ask(makeTarget('a'), record);
  prober.ask(makeTarget('a'), record);
  await clock.advance(600);
  t.same(
    asked,
    [0, 250, 500].map((at) => ({ at, question: 'life' })),
  );
  t.equal(proofs(), 0);
  live();
  await clock.advance(60_000);
  t.equal(asked.length, 4);
  t.equal(proofs(), 1);
  t.equal(record.charge, undefined);
});

t.test('nobody asks any more once it was heard', async (t) => {
  const { clock, prober, record, asked } = setUp();
  prober.ask(makeTarget('a'), record);
  await settle();
  record.acquit();
  await clock.advance(60_000);
  t.ok(asked.length <= 2);
});

t.test('one without checks is not asked', async (t) => {
  const { prober, record, asked } = setUp();
  prober.ask(makeTarget('a', { type: 'none' }), record);
  await settle();
  t.same(asked, []);
});
